"""The server takes its address first, tells it, refuses to be open to all, and stops when asked to."""

import socket
import sys
import threading

import httpx
import pytest

from tunesmith.core.errors import BadOption, MissingExtra
from tunesmith.doors.api.app import create_app
from tunesmith.doors.api.server import open_server
from tunesmith.doors.api.state import State


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_free_port_is_taken_and_told_and_the_server_stops_when_asked_to(host: str) -> None:
    server = open_server(create_app(State({}, None)), host, port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert httpx.get(f"{server.url}/health").json()["status"] == "ok"
    server.stop()
    thread.join()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/health")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.org", ""])
def test_others_are_let_in_only_with_a_key(host: str) -> None:
    with pytest.raises(BadOption, match="set an API key"):
        open_server(create_app(State({}, None)), host, port=0)


def test_with_a_key_others_may_come() -> None:
    server = open_server(create_app(State({}, None, api_key="sesame")), "0.0.0.0", port=0)
    server.stop()
    server.run()
    assert server.url.startswith("http://0.0.0.0:")


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BadOption, match=f"Cannot listen on 127.0.0.1:{port}: .*in use"):
            open_server(create_app(State({}, None)), port=port)


def test_a_port_beyond_all_ports_is_named() -> None:
    with pytest.raises(BadOption, match=r"99999 is no port"):
        open_server(create_app(State({}, None)), port=99_999)


def test_without_uvicorn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(State({}, None))
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtra, match=r"tunesmith\[serve\]"):
        open_server(app, port=0)
