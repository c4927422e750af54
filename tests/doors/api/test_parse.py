"""Bodies are read strictly and within bounds; whatever is sent, the answer is an error object."""

from typing import Any

import anyio
import httpx
import pytest
from starlette.requests import Request

from tunesmith.doors.api.app import create_app
from tunesmith.doors.api.chat.request import ChatRequest
from tunesmith.doors.api.failure import Failure
from tunesmith.doors.api.parse import parse
from tunesmith.doors.api.state import State

JSON = {"content-type": "application/json"}
CHAT = "/v1/chat/completions"


def refused(reply: httpx.Response, status: int) -> dict[str, str]:
    assert reply.status_code == status, reply.text
    error = reply.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    return error


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"model": "a", "messages": "\xe9"}',
        b'{"model": "tiny-llama", "messages": [{"role": "user", "content": "\\ud800"}]}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"model": NaN}',
        b'{"model": 1e999, "messages": 5}',
    ],
    ids=range(12),
)
def test_a_body_that_is_no_request_is_refused(server, body: bytes) -> None:
    refused(server.http.post(CHAT, content=body, headers=JSON), 400)


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"]
)
def test_a_body_must_call_itself_json(server, kind: str | None) -> None:
    reply = server.http.post(CHAT, content=b"{}", headers={"content-type": kind} if kind else {})
    assert "content-type: application/json" in refused(reply, 415)["message"]


def test_a_body_may_say_its_charset(server) -> None:
    reply = server.http.post(CHAT, content=b"{}", headers={"content-type": "Application/JSON; charset=utf-8"})
    assert refused(reply, 400)["param"] == "model"


def test_a_client_that_goes_away_in_the_middle_of_a_body_is_no_failure_of_the_server() -> None:
    parts = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(parts)

    scope = {
        "type": "http",
        "app": create_app(State({}, None)),
        "headers": [(b"content-type", b"application/json")],
    }

    async def read() -> None:
        with pytest.raises(Failure, match="broke off") as caught:
            await parse(Request(scope, receive), ChatRequest)
        assert caught.value.status == 400

    anyio.run(read)


def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so(start) -> None:
    server = start(largest_body=1000)
    assert "1000 bytes" in refused(server.http.post(CHAT, content=b" " * 1001, headers=JSON), 413)["message"]
    parts = (b" " * 100 for _ in range(11))
    refused(server.http.post(CHAT, content=parts, headers=JSON), 413)
    refused(server.http.post(CHAT, content=b" " * 1000, headers=JSON), 400)
