"""A server answers at its address until it is asked to stop, and is never open to all without a key."""

import threading

import httpx
import pytest

from tunesmith.core.errors import BadOption
from tunesmith.doors.api.address import take_address
from tunesmith.doors.api.app import create_app
from tunesmith.doors.api.server import open_server
from tunesmith.doors.api.state import State


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_it_answers_at_its_address_until_it_is_asked_to_stop(host: str) -> None:
    address = take_address(host, port=0)
    server = open_server(create_app(State({}, None)), address)
    url = address.url
    thread = threading.Thread(target=server.run)
    thread.start()
    assert httpx.get(f"{url}/health").json()["status"] == "ok"
    server.stop()
    thread.join()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")


def test_with_a_key_others_may_come() -> None:
    address = take_address("0.0.0.0", port=0, api_key="sesame")
    server = open_server(create_app(State({}, None, api_key="sesame")), address)
    thread = threading.Thread(target=server.run)
    thread.start()
    port = address.listener.getsockname()[1]
    asked = [
        httpx.get(
            f"http://127.0.0.1:{port}/v1/models", headers={"Authorization": f"Bearer {key}"}
        ).status_code
        for key in ("sesame", "open")
    ]
    server.stop()
    thread.join()
    assert asked == [200, 401]


@pytest.mark.parametrize("api_key", [None, ""])
def test_an_app_without_a_key_is_not_served_where_others_can_reach_it(api_key: str | None) -> None:
    address = take_address("0.0.0.0", port=0, api_key="sesame")
    with address.listener, pytest.raises(BadOption, match="set an API key"):
        open_server(create_app(State({}, None, api_key=api_key)), address)
