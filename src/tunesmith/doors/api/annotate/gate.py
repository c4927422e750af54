"""Who may use the page: a browser of this machine that was given the token, and no other site's page."""

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tunesmith.doors.api.failure import Failure

SAFE = ("GET", "HEAD")
PAGE = "/"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing inline, nothing from elsewhere; what comes with data can only ever become text."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Gate:
    """Asks for the token on every route, and on every request that changes something for our own page.

    It stands behind `Guard`, which has made sure that Host is a loopback name and that Origin, if it is
    there, is our own. The link that the command prints holds the token; the page gets it as a cookie that no
    script can read, so that it stays out of the address bar.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._cookie = f"tunesmith_annotate_{port}"  # browsers share cookies between ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is refused; pass any other on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        invited = scope["path"] == PAGE and self._is_token(_token_in(scope))

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if invited:
                    kept = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
                    headers.append("set-cookie", kept)
            await send(message)

        failure = self._failure(Headers(scope=scope), scope["method"], scope["path"], invited)
        await (failure.response() if failure else self._app)(scope, receive, guarded)

    def _failure(self, headers: Headers, method: str, path: str, invited: bool) -> Failure | None:
        site = headers.get("sec-fetch-site")
        if path != PAGE and site not in (None, "same-origin", "none"):
            return Failure(403, "This server answers its own page only.")
        if not invited and not self._is_token(self._kept(headers)):
            return Failure(401, "Open the link that the command printed: it lets you in.", code="token")
        # A browser says where a request that changes something comes from; what does not say is not ours.
        if method not in SAFE and site != "same-origin" and "origin" not in headers:
            return Failure(403, "A request that changes something must say that it comes from this page.")
        return None

    def _kept(self, headers: Headers) -> str:
        cookies = SimpleCookie()
        try:
            cookies.load(headers.get("cookie", ""))
        except CookieError:
            return ""
        return cookies[self._cookie].value if self._cookie in cookies else ""

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode())


def _token_in(scope: Scope) -> str:
    return parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
