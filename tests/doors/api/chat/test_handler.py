"""The handler answers without HTTP: whole, in chunks, or not at all once nobody waits."""

from typing import Any

import anyio
import pytest

from tunesmith.core.cards import Decoding, Model
from tunesmith.core.errors import PromptTooLong
from tunesmith.core.service import Trace
from tunesmith.doors.api.chat.handler import accept, answer, chunks
from tunesmith.doors.api.chat.request import ChatRequest
from tunesmith.doors.api.lane import Lane
from tunesmith.generation.backend.echo import Echo
from tunesmith.serving.answer import Service


def request(text: str = "Hello you", **values: Any) -> ChatRequest:
    return ChatRequest(model="tiny-llama", messages=[{"role": "user", "content": text}], **values)


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


def test_the_whole_answer_and_its_chunks_say_the_same(tiny_model: Model) -> None:
    async def both() -> tuple[Any, list[Any]]:
        service, lane = Service(tiny_model, Echo(), lambda trace: None), Lane()
        body = await answer(await accept(request(), service), lane, no)
        return body, [one async for one in chunks(await accept(request(), service), lane, True)]

    body, given = anyio.run(both)
    assert body["choices"][0]["message"]["content"] == "Hello you"
    deltas = [chunk["choices"][0]["delta"] for chunk in given[:-1]]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content", "") for delta in deltas) == "Hello you"
    assert [chunk["usage"] for chunk in given] == [None] * (len(given) - 1) + [body["usage"]]


def test_nobody_waiting_means_no_answer_and_no_trace(tiny_model: Model) -> None:
    traces: list[Trace] = []

    async def give_up() -> Any:
        service = Service(tiny_model, Echo(), traces.append)
        return await answer(await accept(request(), service), Lane(), yes)

    assert anyio.run(give_up) is None
    assert traces == []


def test_a_prompt_without_room_is_refused_when_it_is_accepted(tiny_model: Model) -> None:
    service = Service(tiny_model, Echo(), lambda trace: None)
    with pytest.raises(PromptTooLong):
        anyio.run(accept, request("x" * 300), service)


def test_the_context_is_the_longest_answer_unless_said_otherwise(tiny_model: Model) -> None:
    assert request().decoding(tiny_model.context) == Decoding(max_tokens=256)
