"""Fetch a file over HTTPS, from no other place than the one that was checked.

A name is looked up once; if any of its addresses must not be connected to, none is. The connection goes to a
checked address, while the certificate is that of the name. Redirections are followed on the same host only,
each checked anew. Proxies that the environment names are not used, for they would look the name up again.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, urljoin, urlsplit

from tunesmith.core.errors import BadData, BadOption
from tunesmith.data.source._addresses import refusal
from tunesmith.data.source._refused import excerpt

REDIRECTIONS = 5
SILENT_SECONDS = 30
"""How often one may be sent on, and how long a server may say nothing."""

CHUNK_BYTES = 256 * 1024

_REDIRECTED = (301, 302, 303, 307, 308)


def look_up(host: str, port: int) -> list[str]:
    """Give the addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far a download may go: bytes, seconds in all, and to whom.

    `look_up` gives the addresses of a name, `trust` decides on certificates.
    """

    most_bytes: int
    most_seconds: float
    allow_private: bool
    look_up: Callable[[str, int], Sequence[str]] = look_up
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context


def fetch(url: str, reach: Reach) -> Iterator[bytes]:
    """Give the content behind an http or https URL, piece by piece.

    Raises BadOption for a URL that must not be followed, and BadData where nothing usable is there.
    """
    until = time.monotonic() + reach.most_seconds
    for _ in range(REDIRECTIONS + 1):
        parts = _checked(url, reach.allow_private)
        try:
            with closing(_connected(parts, reach)) as plugged, closing(_asked(plugged, parts)) as response:
                if response.status not in _REDIRECTED:
                    yield from _content(response, parts, reach, until)
                    return
                url = _next(parts, response.headers.get("Location", ""))
        except (OSError, HTTPException, UnicodeError) as error:
            reason = excerpt(str(error) or type(error).__name__)
            raise BadData(
                f"{_shown(parts)} cannot be fetched: {reason}. Check the URL and the network."
            ) from None
    raise BadData(
        f"{_shown(urlsplit(url))} sends on more than {REDIRECTIONS} times. Give the URL that it ends at."
    )


def _checked(url: str, allow_private: bool) -> SplitResult:
    """Take a URL apart, refusing what programs read in different ways."""
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        raise BadOption("data.source.url: it holds a space, a backslash or letters that a URL cannot hold.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadOption(f"data.source.url: {error}. Correct it.") from None
    if not host or port == 0:
        raise BadOption("data.source.url: it names no host. Write https://host/path.")
    if parts.username is not None or parts.password is not None:
        raise BadOption("data.source.url: it holds a user name or a password, which would end up in reports.")
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_private):
        raise BadOption("data.source.url: only https is read. Write https://...")
    return parts


def _connected(parts: SplitResult, reach: Reach) -> HTTPConnection:
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    addresses = reach.look_up(host, port)
    for address in addresses:
        if why := refusal(address, reach.allow_private):
            allow = "" if reach.allow_private else " One in your own network: data.source.allow_private=true."
            raise BadData(f"{_shown(parts)} leads to where nothing is fetched from: {why}.{allow}")
        if not secure and refusal(address, False) is None:
            raise BadOption("data.source.url: http is read from private addresses only. Write https://...")
    if not addresses:
        raise BadData(f"{_shown(parts)}: the host has no address. Check the URL.")
    plug = _plugged(addresses, port)
    if secure:
        trust = reach.trust()
        connection: HTTPConnection = HTTPSConnection(host, port, context=trust)
        plug = trust.wrap_socket(plug, server_hostname=host)
    else:
        connection = HTTPConnection(host, port)
    connection.sock = plug  # so it does not look the name up itself
    return connection


def _plugged(addresses: Sequence[str], port: int) -> socket.socket:
    """Connect to the first address that answers."""
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=SILENT_SECONDS)
    return socket.create_connection((addresses[-1], port), timeout=SILENT_SECONDS)


def _asked(connection: HTTPConnection, parts: SplitResult) -> HTTPResponse:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept-Encoding": "identity", "User-Agent": "tunesmith", "Connection": "close"}
    connection.request("GET", target, headers=headers)
    return connection.getresponse()


def _next(parts: SplitResult, location: str) -> str:
    """Give the URL that a server sends on to, if it is on the same host."""
    url = urljoin(parts.geturl(), location)
    there = urlsplit(url)
    if (there.scheme, there.netloc) != (parts.scheme, parts.netloc):
        to = excerpt(there.hostname or "nowhere")
        raise BadData(f"{_shown(parts)} sends on to another host, {to}. If you trust it, give its URL.")
    return url


def _content(response: HTTPResponse, parts: SplitResult, reach: Reach, until: float) -> Iterator[bytes]:
    if response.status != HTTPStatus.OK:
        known = {status.value: status.phrase for status in HTTPStatus}
        answer = f"{response.status} {known.get(response.status, '')}".strip()
        raise BadData(f"{_shown(parts)} is not there to be read: the server answers {answer}. Check the URL.")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise BadData(f"{_shown(parts)} is sent packed, although it was not asked for. Fetch it yourself.")
    if response.length is not None and response.length > reach.most_bytes:
        raise too_large(_shown(parts), reach.most_bytes)
    announced, received = response.length, 0
    while chunk := response.read1(CHUNK_BYTES):
        received += len(chunk)
        if received > reach.most_bytes:
            raise too_large(_shown(parts), reach.most_bytes)
        if time.monotonic() > until:
            raise BadData(
                f"{_shown(parts)} takes more than {reach.most_seconds:,.0f} seconds. Fetch it yourself."
            )
        yield chunk
    if announced is not None and received < announced:
        raise BadData(f"{_shown(parts)} broke off after {received:,} of {announced:,} bytes. Try again.")


def too_large(shown: str, most_bytes: int) -> BadData:
    """Say that there is more than may be fetched."""
    return BadData(f"{shown} is larger than {most_bytes:,} bytes. Allow more with data.source.most_bytes=...")


def _shown(parts: SplitResult) -> str:
    """Name a URL without its query, which may hold a key."""
    return excerpt(f"{parts.scheme}://{parts.netloc}{parts.path}")
