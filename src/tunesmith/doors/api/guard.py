"""Who may ask: the holder of the key; or, without a key, this machine alone."""

import hmac
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tunesmith.doors.api.address import is_loopback
from tunesmith.doors.api.failure import Failure

OPEN_PATHS = ("/health",)


class Guard:
    """Refuses requests before anything else sees them.

    With a key, all but /health must carry it. Without one, the server listens on this machine alone, and a
    page in a browser here must not reach it either: not through a name that its owner points at this machine
    (DNS rebinding), so Host must be a loopback name, and not from another site, so Origin must be our own.
    """

    def __init__(self, app: ASGIApp, api_key: str | None) -> None:
        self._app = app
        self._api_key = api_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is refused; pass any other on and give its answer a number."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def numbered(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = f"req_{secrets.token_hex(12)}"
            await send(message)

        failure = self._failure(Headers(scope=scope), scope["path"])
        await (failure.response() if failure else self._app)(scope, receive, numbered)

    def _failure(self, headers: Headers, path: str) -> Failure | None:
        if not self._api_key:  # an empty one would let everybody in who sends an empty one
            return _not_from_here(headers)
        if path in OPEN_PATHS or _carries(headers, self._api_key):
            return None
        return Failure(
            401,
            "The API key is missing or wrong. Send it as `Authorization: Bearer ...`.",
            code="invalid_api_key",
            headers={"www-authenticate": "Bearer"},
        )


def _carries(headers: Headers, api_key: str) -> bool:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode("latin-1"), api_key.encode()
    )


def _not_from_here(headers: Headers) -> Failure | None:
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not is_loopback(_name(hosts[0])):
        return Failure(
            403, "Without an API key, this server answers to localhost and loopback addresses only."
        )
    origin = headers.get("origin")
    if origin is not None and origin not in (f"http://{hosts[0]}", f"https://{hosts[0]}"):
        return Failure(403, "Without an API key, this server does not answer pages of other sites.")
    return None


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
