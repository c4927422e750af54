"""An address is taken at once and told, and one that cannot be had, or is open to all, is refused by name."""

import socket
import sys

import pytest

from tunesmith.core.errors import BadOption, MissingExtra
from tunesmith.doors.api.address import is_loopback, take_address


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_free_port_is_taken_and_told_until_it_is_given_back(host: str) -> None:
    address = take_address(host, port=0)
    port = int(address.url.rpartition(":")[2])
    assert address.url == f"http://{'[::1]' if host == '::1' else host}:{port}"
    with pytest.raises(BadOption, match="in use"):
        take_address(host, port)
    address.close()
    take_address(host, port).close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.org", ""])
@pytest.mark.parametrize("api_key", [None, ""])
def test_others_are_let_in_only_with_a_key(host: str, api_key: str | None) -> None:
    with pytest.raises(BadOption, match="set an API key in the environment variable TUNESMITH_API_KEY"):
        take_address(host, 0, api_key)


def test_with_a_key_others_may_come() -> None:
    address = take_address("0.0.0.0", 0, "sesame")
    assert address.url.startswith("http://0.0.0.0:")
    address.close()


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BadOption, match=f"Cannot listen on 127.0.0.1:{port}: .*in use"):
            take_address(port=port)


def test_a_port_beyond_all_ports_is_named() -> None:
    with pytest.raises(BadOption, match=r"99999 is no port"):
        take_address(port=99_999)


@pytest.mark.parametrize("library", ["fastapi", "uvicorn"])
def test_without_the_libraries_of_a_server_the_extra_is_named(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra, match=r"The API .*'tunesmith\[serve\]'"):
        take_address(port=0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.1", False),
        ("localhost.", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_loopback_names(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
