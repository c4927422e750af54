"""Read the body of a request into a card, strictly and within bounds."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from tunesmith.doors.api.failure import Failure, not_understood
from tunesmith.doors.api.state import State

T = TypeVar("T", bound=BaseModel)


def state_of(http: Request) -> State:
    """Give what all requests share."""
    return http.app.state.tunesmith


async def parse(http: Request, kind: type[T]) -> T:
    """Read a JSON body; raises a Failure for one that is too large, no JSON, or not what the card says.

    A page of another site can make a browser send any body except one that calls itself JSON.
    """
    content_type = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise Failure(
            415, f"The body calls itself {content_type!r}. Send JSON with content-type: application/json."
        )
    try:
        return kind.model_validate_json(await _body(http), strict=True)
    except ValidationError as error:
        raise not_understood(error, list(kind.model_fields)) from None


async def _body(http: Request) -> bytes:
    largest, body = state_of(http).largest_body, bytearray()
    try:
        async for part in http.stream():
            body += part
            if len(body) > largest:
                raise Failure(413, f"The body is larger than {largest} bytes. Send a shorter conversation.")
    except ClientDisconnect:  # nobody hears this, and it is no failure of the server
        raise Failure(400, "The body broke off.") from None
    return bytes(body)
