"""The address that the API is served at: taken before anything slow is done for a server that cannot be."""

import socket
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address

from tunesmith.core.errors import BadOption, MissingExtra

KEY_VARIABLE = "TUNESMITH_API_KEY"
"""The environment variable that the command line takes the API key from."""

LAST_PORT = 65535
LIBRARIES = ("fastapi", "uvicorn")


@dataclass(frozen=True)
class Address:
    """An address that is taken: requests wait until a server runs there, or until it is given back."""

    host: str
    listener: socket.socket

    @property
    def url(self) -> str:
        """Where clients find it."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{shown}:{self.listener.getsockname()[1]}"

    def close(self) -> None:
        """Give it back; requests that wait are refused."""
        self.listener.close()


def take_address(host: str = "127.0.0.1", port: int = 8000, api_key: str | None = None) -> Address:
    """Take an address; port 0 takes any free one.

    Raises MissingExtra without the libraries of a server, BadOption for an address that others can reach
    where there is no API key, and for one that cannot be had.
    """
    if any(find_spec(library) is None for library in LIBRARIES):
        raise MissingExtra("The API", "serve")
    check_key(host, api_key)
    if not 0 <= port <= LAST_PORT:
        raise BadOption(f"{port} is no port: choose one from 1 to {LAST_PORT}, or 0 for any free one.")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return Address(host, socket.create_server((host, port), family=family))
    except OSError as error:
        raise BadOption(f"Cannot listen on {host}:{port}: {error}. Choose another address or port.") from None


def check_key(host: str, api_key: str | None) -> None:
    """Raise BadOption where others could ask without a key; an empty one is none."""
    if not api_key and not is_loopback(host):
        raise BadOption(
            f"Others can reach {host!r}: set an API key in the environment variable {KEY_VARIABLE}, "
            "or listen on 127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    """Does a host name or address mean this machine alone?"""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
