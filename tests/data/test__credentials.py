"""Secrets are found by their form; placeholders and code that only speaks of them are not.

Everything here is made up. Tokens are put together from pieces, so that nobody who looks for leaked ones in
this repository finds these.
"""

import json
from base64 import urlsafe_b64encode

import pytest

from tunesmith.data._credentials import CREDENTIALS, entropy
from tunesmith.data.personal import find

MIXED = "aB3dE5fG7hJ9kL1mN4pQ6rS8tU2vW0xYzA7bC5dE9fG1hJ3kL6mN8pQ4rS2tU0vW5xYaB3dE5fG7hJ9kL1mN4pQ6rS8tU2vW0xYz"
CAPITALS = "Q7W2ERT5YUI9OPA3SDF6"
HEXADECIMAL = "3f9a1c7e5b2d8f604a6c1e9d7b3f5a2c8e0d4b6f1a9c7e5d3b2f8a6c4e0d1b97"
LINES = "\n".join(MIXED[start : start + 64].ljust(64, "q") for start in (0, 10, 20))


def token(*parts: str) -> str:
    return "".join(parts)


def key_block(kind: str) -> str:
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{LINES}\n-----END {kind}PRIVATE KEY-----"


def encoded(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


WEB_TOKEN = ".".join([encoded({"alg": "HS256", "typ": "JWT"}), encoded({"sub": "ada"}), MIXED[:43]])

FOUND = [
    ("private_key", "{}", key_block("")),
    ("private_key", "key: {}\nend", key_block("RSA ")),
    ("private_key", "{}", key_block("OPENSSH ").replace("\n", "\\n")),
    ("private_key", "{}", key_block("").rpartition("\n")[0]),  # cut off
    ("jwt", "{}", WEB_TOKEN),
    ("aws_access_key", "id {}", token("AK", "IA", CAPITALS[:16])),
    ("aws_access_key", "id {}", token("AS", "IA", CAPITALS[:16])),
    ("aws_secret_key", "aws_secret_access_key = {}", MIXED[:40]),
    ("aws_secret_key", 'AWS secret key: "{}"', MIXED[1:41]),
    ("google_key", "{}", token("AI", "za", MIXED[:35])),
    ("google_key", "{}", token("GOC", "SPX-", MIXED[:28])),
    ("github_token", "{}", token("gh", "p_", MIXED[:36])),
    ("github_token", "{}", token("gh", "s_", MIXED[:36])),
    ("github_token", "{}", token("github", "_pat_", MIXED[:22], "_", MIXED[:59])),
    ("gitlab_token", "{}", token("gl", "pat-", MIXED[:20])),
    ("slack_token", "{}", token("xo", "xb-123456789012-", MIXED[:24])),
    ("slack_token", "https://{}", token("hooks.slack.com", "/services/T0A1B2C3D/B4E5F6G7H/", MIXED[:24])),
    ("stripe_key", "{}", token("sk_", "live_", MIXED[:24])),
    ("stripe_key", "{}", token("rk_", "test_", MIXED[:24])),
    ("stripe_key", "{}", token("wh", "sec_", MIXED[:32])),
    ("anthropic_key", "{}", token("sk-", "ant-api03-", MIXED[:93])),
    ("openai_key", "{}", token("sk-", "proj-", MIXED[:48])),
    ("openai_key", "{}", token("sk-", MIXED[:48])),
    ("huggingface_token", "{}", token("hf", "_", MIXED[:34])),
    ("npm_token", "{}", token("np", "m_", MIXED[:36])),
    ("pypi_token", "{}", token("py", "pi-AgEIcHlwaS5vcmc", MIXED[:60])),
    ("sendgrid_key", "{}", token("S", "G.", MIXED[:22], ".", MIXED[:43])),
    ("telegram_token", "{}", token("123456789", ":AA", MIXED[:33])),
    ("digitalocean_token", "{}", token("do", "p_v1_", HEXADECIMAL)),
    ("databricks_token", "{}", token("da", "pi", HEXADECIMAL[:32])),
    ("shopify_token", "{}", token("shp", "at_", HEXADECIMAL[:32])),
    ("docker_token", "{}", token("dckr", "_pat_", MIXED[:27])),
    ("url_password", "postgresql://ada:{}@db.example.org:5432/x", "pa55w0rd"),
    ("url_password", "https://ada:{}@example.org", "correcthorse"),
    ("url_password", "redis://:{}@[::1]:6379", "b4ttery"),
    ("password", 'password = "{}"', "hunter2"),
    ("password", "DB_PASSWORD={}", "Tr0ub4dor&3"),
    ("password", '{{"api_key": "{}"}}', MIXED[:20]),
    ("password", "client_secret: {}", HEXADECIMAL[:24]),
    ("password", "Server=db;Uid=ada;Pwd={};", "s3cretHorse"),
    ("password", "My password is {}.", "horse4battery"),
    ("password", "Mein Passwort ist {}", "Pferd2Batterie"),
    ("password", "AccountKey={}", f"{MIXED[:86]}=="),
    ("password", "Authorization: Bearer {}", MIXED[:40]),
]

NOT_FOUND = [
    ("private_key", "Files begin with -----BEGIN PRIVATE KEY----- and end with -----END PRIVATE KEY-----."),
    ("private_key", key_block("").replace("PRIVATE", "PUBLIC")),
    ("private_key", f"-----BEGIN PRIVATE KEY-----\n{'(your key here) ' * 9}\n-----END PRIVATE KEY-----"),
    ("jwt", ".".join([encoded({"typ": "JWT"}), encoded({"sub": "ada"}), MIXED[:43]])),
    ("jwt", WEB_TOKEN.rpartition(".")[0]),
    ("aws_access_key", token("AK", "IA", "X" * 16)),
    ("aws_access_key", token("AK", "IA", CAPITALS[:15])),
    ("aws_access_key", token("AK", "IA", CAPITALS[:17])),
    ("aws_access_key", token("AK", "IA", "KAI" * 5, "K")),
    ("aws_access_key", token("XAK", "IA", CAPITALS[:16])),
    ("aws_secret_key", f"sha1 {MIXED[:40]}"),
    ("aws_secret_key", f"aws_secret_access_key = {'x' * 40}"),
    ("google_key", token("AI", "za", MIXED[:20])),
    ("github_token", token("gh", "p_", "x" * 36)),
    ("github_token", token("gh", "x_", MIXED[:36])),
    ("gitlab_token", "glpat-short"),
    ("slack_token", "xoxb-token"),
    ("stripe_key", token("sk_", "live_", "x" * 24)),
    ("stripe_key", token("pk_", "live_", MIXED[:24])),  # publishable
    ("anthropic_key", "sk-ant-..."),
    ("openai_key", "sk-learn and task-force-one-hundred-and-two-men"),
    ("openai_key", f"disk-{MIXED[:48]}"),
    ("huggingface_token", "hf_hub_download and hf_transfer"),
    ("npm_token", "npm_config_registry"),
    ("pypi_token", "pypi-AgEIcHlwaS5vcmc"),
    ("sendgrid_key", "SG.and.co"),
    ("telegram_token", "12:AA and 123456789:AAA"),
    ("digitalocean_token", "dop_v1_token"),
    ("databricks_token", "dapikey"),
    ("shopify_token", "shpat_token"),
    ("docker_token", "dckr_pat_token"),
    ("url_password", "https://example.org:8080/@ada"),
    ("url_password", "postgresql://user:password@localhost/db"),
    ("url_password", "postgresql://user:<password>@host, postgresql://user:${PASSWORD}@host"),
    ("url_password", "mongodb://user:your_password_here@host"),
    ("url_password", "ssh://git@example.org:22/x"),
    ("password", "password = getpass.getpass()"),
    ("password", 'password = os.environ["DB_PASSWORD2"]'),
    ("password", 'password: "your-password-123"'),
    ("password", "password: ********"),
    ("password", "PASSWORD=${DB_PASSWORD_1}"),
    ("password", 'password = ""'),
    ("password", "Password: required"),
    ("password", "token: string, secret: boolean"),
    ("password", "The secret: never give up!"),
    ("password", "tokens = tokens[2:]"),
    ("password", "I forgot my password, is there a way to reset it in 2 steps?"),
    ("password", "The password is case-sensitive."),
    ("password", "keyword = k3yw0rds9x"),
    ("password", "Authorization: Bearer <token>"),
    ("password", "token = self.config.token2"),
    ("password", "mask2_token=entity_mask2_token, secret_key = s3_connection"),
    ("password", "token: name2=value"),
    ("password", 'password = "aaa111"'),
    ("password", 'password = "correcthorse"'),
    ("password", "Password: letters&signs"),
]


@pytest.mark.parametrize(("kind", "text", "value"), FOUND)
def test_a_secret_is_found_as_it_stands(kind: str, text: str, value: str) -> None:
    assert [(match.kind, match.text) for match in find(text.format(value))] == [(kind, value)]


@pytest.mark.parametrize(("kind", "text"), NOT_FOUND)
def test_what_only_speaks_of_secrets_is_not_found(kind: str, text: str) -> None:
    assert kind not in [match.kind for match in find(text)]


def test_every_kind_is_tried_both_ways() -> None:
    kinds = {form.kind for form in CREDENTIALS}
    assert {kind for kind, _, _ in FOUND} == kinds
    assert {kind for kind, _ in NOT_FOUND} == kinds


def test_entropy_is_in_bits_per_character() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abab") == 1
    assert entropy("abcdefgh") == 3
