"""Answer a chat request; nothing here knows of HTTP."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from anyio import to_thread

from tunesmith.core.cards import Completion
from tunesmith.doors.api.chat.reply import Envelope
from tunesmith.doors.api.chat.request import ChatRequest
from tunesmith.doors.api.lane import Lane
from tunesmith.serving.answer import Service, whole


async def accept(request: ChatRequest, service: Service) -> Envelope:
    """Render the conversation and check that an answer has room; nothing is generated yet."""
    messages = [message.message() for message in request.messages]
    decoding, is_traced = request.decoding(service.model.context), request.store is not False
    return Envelope(await to_thread.run_sync(service.answer, messages, decoding, is_traced), service)


async def answer(
    envelope: Envelope, lane: Lane, is_given_up: Callable[[], Awaitable[bool]]
) -> dict[str, Any] | None:
    """Give the whole answer; None if nobody waits for it any more, and then the work has stopped."""
    pieces: list[Completion] = []
    async with aclosing(lane.read(envelope.reply.pieces)) as reading:
        async for piece in reading:
            pieces.append(piece)
            if piece.finish_reason is None and await is_given_up():
                return None
    return envelope.whole(whole(pieces))


async def chunks(envelope: Envelope, lane: Lane, counts_tokens: bool) -> AsyncGenerator[dict[str, Any]]:
    """Give the answer in chunks: the role, the text, the reason it ended, and the tokens where asked for."""
    unknown = {"usage": None} if counts_tokens else {}
    yield envelope.chunk({"role": "assistant", "content": ""}) | unknown
    async with aclosing(lane.read(envelope.reply.pieces)) as reading:
        async for piece in reading:
            if piece.text:
                yield envelope.chunk({"content": piece.text}) | unknown
            if piece.finish_reason:
                yield envelope.chunk({}, piece.finish_reason) | unknown
                if counts_tokens:
                    yield envelope.usage_chunk(piece)
