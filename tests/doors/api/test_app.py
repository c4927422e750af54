"""The app is put together from what it is given, describes itself, and hides its failures in its log."""

import logging
import time
from collections.abc import Callable

import pytest

from tunesmith.generation.backend.echo import Echo


def test_the_description_names_every_parameter(server) -> None:
    paths = server.http.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        "/health",
        "/v1/models",
        "/v1/models/{model}",
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/feedback",
    }
    body = paths["/v1/chat/completions"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"].keys() >= {"model", "messages", "temperature", "stream"}
    assert body["additionalProperties"] is False


def test_there_are_no_pages_that_load_scripts_from_elsewhere(server) -> None:
    assert [server.http.get(path).status_code for path in ("/docs", "/redoc", "/")] == [404, 404, 404]


def soon(is_so: Callable[[], bool]) -> bool:
    """Wait a little for something that another thread does."""
    return any(is_so() or time.sleep(0.01) for _ in range(500))


def test_a_failure_inside_is_logged_in_full(start, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Echo):
        def stream(self, *_: object) -> None:
            raise RuntimeError("what only the operator may know")

    server = start(Failing())
    body = {"model": "tiny-llama", "messages": [{"role": "user", "content": "Hi"}]}
    with caplog.at_level(logging.ERROR):
        reply = server.http.post("/v1/chat/completions", json=body)
    assert reply.status_code == 500
    assert reply.json()["error"]["message"] == "The server failed. Its log says why."
    assert soon(lambda: "what only the operator may know" in caplog.text)  # logged after the answer is sent
