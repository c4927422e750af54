"""Secrets: keys and tokens that services give out, private keys, and passwords that are written down."""

import json
import math
import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections import Counter
from collections.abc import Callable

from tunesmith.data._form import Form

_PLACEHOLDER = re.compile(
    r"(?i)example|placeholder|your|insert|replace|change.?me|dummy|sample|redacted|x{4}|\*{3}|\.{3}|[<>{}]|"
    r"^[$%(\[]|^(?:my|the|some|user|db|root|admin|new|old)?[_-]?"
    r"(?:pass(?:word|wd|phrase)?|secret|token|key|pwd)[_-]?(?:here|[0-9]{0,3})?$"
)
"""What stands where a secret would stand."""

_CODE = re.compile(
    r"[()\[\]{}<>|`]|=(?!=?$)|^\w+(?:\.\w+)+$|://|^[/.]|^[A-Z_]+$|"
    r"^[a-z]+[0-9]?(?:_[a-z]+[0-9]?)+$"
)
"""What is no password when it is not in quotes: calls, attributes, paths, constants, names."""


def entropy(value: str) -> float:
    """Say how many bits a character of the value holds, by how often each of them is used."""
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)


def _is_random(value: str) -> bool:
    """Refuse `sk_live_xxxxxxxx` and the like: what a service gives out uses many characters."""
    return entropy(value) >= 3.2 and not re.search(r"(.)\1{5}", value)


def _is_password(value: str) -> bool:
    """Accept what a person or a program may have chosen: letters with digits or signs, no placeholder."""
    mixed = re.search("[A-Za-z]", value) and re.search(r"[0-9!@#$%^&*?+~]", value)
    return bool(mixed) and entropy(value) >= 2.3 and not _PLACEHOLDER.search(value)


def _is_bare_password(value: str) -> bool:
    return _is_password(value) and bool(re.search("[0-9]", value)) and not _CODE.search(value)


def _is_no_placeholder(value: str) -> bool:
    return not _PLACEHOLDER.search(value)


def _is_jwt(value: str) -> bool:
    head = value.partition(".")[0]
    try:
        return "alg" in json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (Error, ValueError, TypeError):
        return False


def _is_key_block(value: str) -> bool:
    return bool(re.search("[A-Za-z0-9+/=]{32}", value))


def _secret(
    kind: str, title: str, pattern: str, *hints: str, valid: Callable[[str], bool] = _is_random
) -> Form:
    return Form(kind=kind, title=title, pattern=pattern, valid=valid, hints=hints, secret=True)


def _token(kind: str, title: str, pattern: str, *hints: str) -> Form:
    """Make a row for what a service gives out, known by its beginning."""
    return _secret(kind, title, rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])", *hints)


def _password(pattern: str, *hints: str, valid: Callable[[str], bool]) -> Form:
    return _secret("password", "password or key", pattern, *hints, valid=valid)


_KEY_LINE = r"-----(?:BEGIN|END) (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----"
_KEY_BODY = rf"(?>(?:[^-]|-(?!----)){{40,20000}}){_KEY_LINE}"
_KEY_CUT_OFF = r"(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{16,}+)+"

_PASSWORD = "(?:pass(?:word|wd|phrase|code)?|passwort|kennwort|contraseña|senha|mot de passe)"
_ASSIGNED = (
    rf"(?i)(?<![A-Za-z])(?:{_PASSWORD}|pwd|secret|(?:access|auth|api|bearer|refresh|bot)[_-]?token|token|"
    r"api[_-]?key|(?:client|app|shared|signing)[_-]?secret|"
    r"(?:access|secret|private|account|encryption|signing|auth)[_-]?key)[\"']?\]?\s{0,3}(?::=|=>|=|:)\s{0,3}"
)
_NAMES = ("pass", "pwd", "kennwort", "contraseña", "senha", "secret", "token", "key")

CREDENTIALS: tuple[Form, ...] = (
    _secret(
        "private_key",
        "private key",
        rf"{_KEY_LINE}(?:{_KEY_BODY}|{_KEY_CUT_OFF})",
        "private key",
        valid=_is_key_block,
    ),
    _secret(
        "jwt",
        "web token (JWT)",
        r"(?<![\w-])eyJ[\w-]{10,2000}\.eyJ[\w-]{8,8000}\.[\w-]{16,2000}",
        "eyj",
        valid=_is_jwt,
    ),
    _token("aws_access_key", "AWS access key", "(?:AKIA|ASIA)[A-Z0-9]{16}", "akia", "asia"),
    _secret(
        "aws_secret_key",
        "AWS secret key",
        r"(?i)aws[\w .-]{0,16}(?:secret|private|key)[\w .\"'-]{0,24}?[\s=:\"'>]{1,4}"
        r"(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        "aws",
    ),
    _token("google_key", "Google API key", r"AIza[\w-]{35}", "aiza"),
    _token("google_key", "Google API key", r"GOCSPX-[\w-]{28}", "gocspx-"),
    _token(
        "github_token",
        "GitHub token",
        "gh[pousr]_[A-Za-z0-9]{36,255}",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
    ),
    _token("github_token", "GitHub token", r"github_pat_\w{40,255}", "github_pat_"),
    _token(
        "gitlab_token",
        "GitLab token",
        r"gl(?:pat|dt|rt|cbt)-[\w-]{20,64}",
        "glpat-",
        "gldt-",
        "glrt-",
        "glcbt-",
    ),
    _token("slack_token", "Slack token", "xox[abeoprs](?:-[A-Za-z0-9]{6,}){1,6}", "xox"),
    _token(
        "slack_token", "Slack token", r"hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{16,}", "hooks.slack"
    ),
    _token("stripe_key", "Stripe key", "(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,247}", "k_live_", "k_test_"),
    _token("stripe_key", "Stripe key", "whsec_[A-Za-z0-9+/]{32,}", "whsec_"),
    _token("anthropic_key", "Anthropic key", r"sk-ant-[\w-]{24,}", "sk-ant-"),
    _token("openai_key", "OpenAI key", r"sk-(?:proj|svcacct|admin)-[\w-]{20,}|sk-[A-Za-z0-9]{32,}", "sk-"),
    _token("huggingface_token", "Hugging Face token", "hf_[A-Za-z0-9]{30,40}", "hf_"),
    _token("npm_token", "npm token", "npm_[A-Za-z0-9]{36}", "npm_"),
    _token("pypi_token", "PyPI token", r"pypi-AgE[\w-]{50,}", "pypi-"),
    _token("sendgrid_key", "SendGrid key", r"SG\.[\w-]{22}\.[\w-]{43}", "sg."),
    _token("telegram_token", "Telegram bot token", r"[0-9]{8,10}:AA[\w-]{33}", ":aa"),
    _token("digitalocean_token", "DigitalOcean token", "do[opr]_v1_[0-9a-f]{64}", "_v1_"),
    _token("databricks_token", "Databricks token", "dapi[0-9a-f]{32}", "dapi"),
    _token("shopify_token", "Shopify token", "shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}", "shp"),
    _token("docker_token", "Docker token", r"dckr_pat_[\w-]{27}", "dckr_pat_"),
    _secret(
        "url_password",
        "password in an address",
        r"(?<![\w+.-])[A-Za-z][\w+.-]{1,30}://[^\s/:@\"'<>]{0,64}:(?P<value>[^\s/@\"'<>]{3,128})@[\w\[]",
        "://",
        valid=_is_no_placeholder,
    ),
    _password(
        rf"{_ASSIGNED}(?P<quote>[\"'`])(?P<value>[^\s\"'`]{{6,200}})(?P=quote)", *_NAMES, valid=_is_password
    ),
    _password(rf"{_ASSIGNED}(?P<value>[^\s\"'`,;]{{5,200}}[^\s\"'`,;.!?])", *_NAMES, valid=_is_bare_password),
    _password(
        rf"(?i)(?<![A-Za-z]){_PASSWORD} (?:is|was|ist|est|es|é)\s{{1,2}}[\"'`]?"
        r"(?P<value>[^\s\"'`,;]{5,200}[^\s\"'`,;.])",
        *_NAMES,
        valid=_is_bare_password,
    ),
    _password(
        r"(?i)(?<![A-Za-z])authorization[\"']?\s?[:=]\s?[\"']?(?:bearer|basic|token)\s"
        r"(?P<value>[\w.~+/=-]{16,})",
        "authorization",
        valid=_is_random,
    ),
)
"""The rows of the table that are secrets."""
