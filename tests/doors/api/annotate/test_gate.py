"""Only a browser of this machine that has the token is answered, on every route, and only its own page."""

from itertools import product

import httpx
import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from tunesmith.doors.api.annotate.gate import HEADERS

METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS")
HOSTS = ("own", "evil.example", "localhost.evil.example")
ORIGINS = ("own", None, "null", "http://evil.example", "http://localhost:1")


def routes(app) -> list[tuple[str, frozenset[str]]]:
    """Give every route that the app really has."""
    found = [(route.path, frozenset(route.methods or ())) for route in app.routes if isinstance(route, Route)]
    return [
        (path.replace("{name}", "page.js").replace("{number:int}", "1"), methods) for path, methods in found
    ]


def test_every_route_there_is_was_found(page):
    assert {path for path, _ in routes(page.app)} == {
        "/", "/page/page.js", "/api/project", "/api/progress", "/api/agreement", "/api/suggestions/1",
        "/api/claims", "/api/unsettled", "/api/annotations", "/api/undo",
    }  # fmt: skip


def test_only_the_allowed_cells_of_host_origin_method_and_route_succeed(page):
    own = page.url.removeprefix("http://")
    client = TestClient(page.app, base_url=page.url, cookies=dict(page.http.cookies))
    tried, passed = 0, set()
    for (path, methods), method, host, origin in product(routes(page.app), METHODS, HOSTS, ORIGINS):
        headers = {"host": own if host == "own" else host}
        if origin is not None:
            headers["origin"] = page.url if origin == "own" else origin
        status = client.request(method, path, headers=headers).status_code
        tried += 1
        says_so = origin == "own" or (origin is None and method == "GET")
        if host != "own" or not says_so:
            assert status == 403, (path, method, host, origin)
        elif method not in methods:
            assert status == 405, (path, method, host, origin)
        else:
            assert status in (200, 415), (path, method, host, origin)  # 415: let in, but it sent no JSON
            passed.add((path, method))
    assert tried == 10 * len(METHODS) * len(HOSTS) * len(ORIGINS)
    assert passed == {(path, method) for path, methods in routes(page.app) for method in methods}


@pytest.mark.parametrize(
    "given", ["", "wrong", "open-sesame-open-sesam", "öpen", "open-sesame-open-sesame%00"]
)
def test_every_route_asks_for_the_token(page, given):
    name = next(iter(page.http.cookies))
    with httpx.Client(base_url=page.url, headers={"origin": page.url}) as client:
        for path, methods in routes(page.app):
            for method in methods:
                headers = {"cookie": f"{name}={given}".encode()} if given else {}
                reply = client.request(method, path, headers=headers)
                assert reply.status_code == 401, (path, method)
                assert "Open the link" in reply.json()["error"]["message"]
        assert client.get("/", params={"token": given}).status_code == 401
        assert "set-cookie" not in client.get("/", params={"token": given}).headers


def test_the_link_lets_in_at_the_page_alone_and_gives_a_cookie_that_no_script_reads(page):
    with httpx.Client(base_url=page.url) as client:
        assert client.get("/api/project", params={"token": "open-sesame-open-sesame"}).status_code == 401
        reply = client.get("/", params={"token": "open-sesame-open-sesame"})
        kept = reply.headers["set-cookie"]
        assert kept.endswith("=open-sesame-open-sesame; Path=/; HttpOnly; SameSite=Strict")
        assert page.url.rpartition(":")[2] in kept.partition("=")[0]  # ports share cookies
        assert client.get("/api/project").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_what_a_browser_says_comes_from_another_site_is_refused(page, site):
    for path, methods in routes(page.app):
        for method in methods:
            reply = page.http.request(method, path, headers={"sec-fetch-site": site})
            assert reply.status_code == (200 if path == "/" else 403), (path, method)


def test_a_browser_that_sends_no_origin_may_say_that_it_is_the_same(page):
    with httpx.Client(base_url=page.url, cookies=page.http.cookies) as client:
        body = {"annotator": "ann"}
        assert client.post("/api/claims", json=body).status_code == 403
        assert (
            client.post("/api/claims", json=body, headers={"sec-fetch-site": "same-origin"}).status_code
            == 200
        )
        assert client.post("/api/claims", json=body, headers={"sec-fetch-site": "none"}).status_code == 403


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_a_form_of_another_site_could_send_is_not_read(page, kind):
    reply = page.http.post("/api/claims", content=b'{"annotator": "ann"}', headers={"content-type": kind})
    assert reply.status_code == 415


def test_every_answer_forbids_what_is_inline_and_what_comes_from_elsewhere(page):
    for path in (
        "/",
        "/page/page.js",
        "/page/page.css",
        "/page/icon.svg",
        "/api/project",
        "/nowhere",
        "/page/x",
    ):
        headers = page.http.get(path).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS, path
        assert not [name for name in headers if name.startswith("access-control")]
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
