"""Only who may ask is answered: with a key its holder, without one this machine, and no other site's page."""

import openai
import pytest

ROUTES = [
    ("GET", "/health"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/tiny-llama"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/feedback"),
    ("GET", "/openapi.json"),
    ("GET", "/nothing"),
]


def test_the_routes_above_are_all_there_are(server) -> None:
    paths = server.http.get("/openapi.json").json()["paths"]
    assert {path.replace("{model}", "tiny-llama") for path in paths} == {
        path for _, path in ROUTES if path not in ("/openapi.json", "/nothing")
    }


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_key_names_and_pages_of_others_are_refused_everywhere(
    server, method: str, path: str
) -> None:
    own = server.url.removeprefix("http://")

    def status(**headers: str) -> int:
        return server.http.request(method, path, headers=headers).status_code

    for host in (
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "169.254.1.1",
        "",
        "[",
        "a@b",
    ):
        assert status(host=host) == 403, host
    for origin in ("http://evil.example", "null", "http://localhost:1", f"http://{own}.evil.example"):
        assert status(origin=origin) == 403, origin
    for allowed in (own, "localhost", "LOCALHOST:80", "[::1]:9", "127.0.0.2"):
        assert status(host=allowed) != 403, allowed
    assert status(origin=f"http://{own}") != 403


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_with_a_key_everything_but_health_needs_it(start, method: str, path: str) -> None:
    server = start(api_key="open sesame €")
    wrong = ["", "Bearer", "Bearer open", "Basic open sesame", "Bearer open sesamee", "open sesame"]
    for given in wrong:
        reply = server.http.request(method, path, headers={"authorization": given.encode()})
        if path == "/health":
            assert reply.status_code == 200
            continue
        assert reply.status_code == 401, given
        assert reply.json()["error"]["code"] == "invalid_api_key"
        assert reply.headers["www-authenticate"] == "Bearer"
    right = {"authorization": "bearer open sesame €".encode()}
    assert server.http.request(method, path, headers=right).status_code != 401


def test_an_empty_key_is_none_and_lets_nobody_in_from_elsewhere(start) -> None:
    server = start(api_key="")
    headers = {"host": "models.example", "authorization": "Bearer"}
    assert server.http.get("/v1/models", headers=headers).status_code == 403
    assert server.http.get("/v1/models").status_code == 200


def test_the_official_client_brings_its_key(start) -> None:
    server = start(api_key="sesame")
    assert server.client.models.retrieve("tiny-llama").id == "tiny-llama"
    with pytest.raises(openai.AuthenticationError) as caught:
        server.client.with_options(api_key="wrong").models.list()
    assert caught.value.code == "invalid_api_key"


def test_with_a_key_the_host_does_not_matter(start) -> None:
    headers = {"host": "models.example", "origin": "https://app.example", "authorization": "Bearer sesame"}
    assert start(api_key="sesame").http.get("/v1/models", headers=headers).status_code == 200


def test_no_page_of_another_site_is_ever_allowed_to_read(server) -> None:
    reply = server.http.options(
        "/v1/models", headers={"origin": server.url, "access-control-request-method": "GET"}
    )
    assert not [name for name in reply.headers if name.startswith("access-control")]


def test_every_answer_has_a_number_of_its_own(server) -> None:
    numbers = {
        server.http.get(path).headers["x-request-id"] for path in ("/health", "/v1/models", "/nothing")
    }
    assert len(numbers) == 3
