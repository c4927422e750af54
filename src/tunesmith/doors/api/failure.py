"""Everything that can go wrong with a request, in the form that OpenAI's clients understand."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from tunesmith.core.errors import BadData, DiskFull, PromptTooLong, TunesmithError
from tunesmith.core.registry import did_you_mean

STATUSES: Mapping[type[TunesmithError], tuple[int, str | None]] = {
    PromptTooLong: (400, "context_length_exceeded"),
    BadData: (400, None),
    DiskFull: (503, None),
    TunesmithError: (500, None),
}
"""Status and code of the errors of rooms; the first that fits counts."""

TYPES = {401: "invalid_request_error", 403: "invalid_request_error", 429: "rate_limit_error"}


class Failure(Exception):
    """A request that is refused: `param` is the place in the request that is to blame."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers
        self.param, self.code = param, code

    @property
    def body(self) -> dict[str, Any]:
        """The error object; all four keys are always there."""
        kind = TYPES.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """The answer to the request."""
        return JSONResponse(self.body, self.status, self.headers)


def failure_of(error: Exception) -> Failure:
    """Say what an error means to whoever asked; what is not theirs to know stays inside."""
    if isinstance(error, Failure):
        return error
    for kind, (status, code) in STATUSES.items():
        if isinstance(error, kind):
            return Failure(status, str(error), param="messages" if code else None, code=code)
    return Failure(500, "The server failed. Its log says why.")


def not_understood(error: ValidationError, known: list[str]) -> Failure:
    """Name the first place of a body that is wrong; `known` are the names it may have at its top."""
    first = error.errors(include_url=False)[0]
    place = [str(part) for part in first["loc"] if not str(part).startswith("as ")]
    param = ".".join(place) or None
    if first["type"] == "extra_forbidden":
        hint = did_you_mean(place[-1], known) if len(place) == 1 else ""
        return Failure(400, f"There is no parameter {param!r}.{hint}", param=param, code="unknown_parameter")
    code = "unsupported_parameter" if first["type"] == "unsupported" else None
    return Failure(400, f"{param}: {first['msg']}." if param else f"{first['msg']}.", param=param, code=code)


def answer_failure(request: Request, error: Exception) -> JSONResponse:
    """Answer a request that failed, or that no route takes."""
    if isinstance(error, HTTPException):
        what = f"{error.detail}: {request.method} {request.url.path}."
        return Failure(error.status_code, what, headers=error.headers).response()
    return failure_of(error).response()
