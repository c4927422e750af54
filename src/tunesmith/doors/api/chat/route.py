"""POST /v1/chat/completions as HTTP: a JSON body in; JSON, or server-sent events, out."""

import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from anyio import fail_after
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from tunesmith.doors.api.chat.handler import accept, answer, chunks
from tunesmith.doors.api.chat.request import ChatRequest
from tunesmith.doors.api.failure import failure_of
from tunesmith.doors.api.models import service_of
from tunesmith.doors.api.parse import parse, state_of

SECONDS_TO_READ = 30.0
"""How long a client may leave a piece of a stream unread before it is given up."""

_log = logging.getLogger(__name__)


async def post_chat(http: Request) -> Response:
    """Answer a conversation; a client that goes away stops the work at the next token."""
    state, request = state_of(http), await parse(http, ChatRequest)
    service = service_of(request.model, state)
    state.lane.refuse_if_full()
    envelope = await accept(request, service)
    state.lane.refuse_if_full()  # others were let in meanwhile
    if request.stream:
        counts_tokens = request.stream_options is not None and request.stream_options.include_usage
        return EventStream(events(chunks(envelope, state.lane, counts_tokens)))
    body = await answer(envelope, state.lane, http.is_disconnected)
    return Response(status_code=499) if body is None else JSONResponse(body)


async def events(objects: AsyncGenerator[dict[str, Any]]) -> AsyncGenerator[str]:
    """Write objects as server-sent events; a failure becomes the last one, otherwise `[DONE]` is."""
    async with aclosing(objects):
        try:
            async for one in objects:
                yield _event(one)
        except Exception as error:
            _log.exception("An answer failed while it was streamed.")
            yield _event(failure_of(error).body)
            return
    yield "data: [DONE]\n\n"


class EventStream(StreamingResponse):
    """A response of server-sent events that ends its source, whichever way it ends itself."""

    media_type = "text/event-stream"

    def __init__(self, source: AsyncGenerator[str], seconds_to_read: float = SECONDS_TO_READ) -> None:
        super().__init__(source, headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self._source = source
        self._seconds_to_read = seconds_to_read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events; give up a client that is gone or does not read, so that others get their turn."""

        async def patient_send(message: Message) -> None:
            with fail_after(self._seconds_to_read):
                await send(message)

        async with aclosing(self._source):
            try:
                await super().__call__(scope, receive, patient_send)
            except TimeoutError:
                _log.warning("A client that did not read its answer was given up.")


def _event(content: dict[str, Any]) -> str:
    # In ASCII: many clients take U+2028 and U+0085 for the end of a line, and of the event's JSON with it.
    return f"data: {json.dumps(content, separators=(',', ':'))}\n\n"
