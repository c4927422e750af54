"""Every failure has the four keys of OpenAI's error object, and tells no secrets."""

import pytest

from tunesmith.core.errors import BadData, DiskFull, NonFinite, PromptTooLong
from tunesmith.doors.api.failure import Failure, failure_of


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"),
    [
        (PromptTooLong("Too long."), 400, "invalid_request_error", "context_length_exceeded"),
        (BadData("Bad."), 400, "invalid_request_error", None),
        (DiskFull("Full."), 503, "server_error", None),
        (NonFinite("Not a number."), 500, "server_error", None),
        (Failure(429, "Later."), 429, "rate_limit_error", None),
    ],
)
def test_an_error_of_ours_keeps_its_sentence(
    error: Exception, status: int, kind: str, code: str | None
) -> None:
    found = failure_of(error)
    assert found.status == status
    assert found.body["error"] == {"message": str(error), "type": kind, "param": found.param, "code": code}


def test_any_other_error_stays_inside() -> None:
    found = failure_of(RuntimeError("the password is secret"))
    assert (found.status, found.message) == (500, "The server failed. Its log says why.")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/models/tiny-llama", 405),
    ],
)
def test_what_no_route_takes_is_answered_in_the_same_form(
    server, method: str, path: str, status: int
) -> None:
    reply = server.http.request(method, path)
    assert reply.status_code == status
    error = reply.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert f"{method} {path}" in error["message"]
