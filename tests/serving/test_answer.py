"""A service answers one at a time, as its backend does, and leaves a trace of every finished answer."""

import inspect
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from tunesmith.core.cards import Completion, Decoding, Model
from tunesmith.core.contracts import Backend
from tunesmith.core.errors import BadBase, DiskFull, PromptTooLong
from tunesmith.core.example import Message
from tunesmith.core.service import Trace, Vectors
from tunesmith.generation.backend.echo import Echo
from tunesmith.generation.backend.local import Local
from tunesmith.serving.answer import Service, whole

QUESTION = (Message("user", "Where is my order?"),)


@dataclass
class Shelf:
    """Keeps traces in a list."""

    traces: list[Trace] = field(default_factory=list[Trace])

    def add(self, trace: Trace) -> None:
        self.traces.append(trace)


def test_the_answer_is_the_backend_s(tiny_model: Model) -> None:
    decoding = Decoding(max_tokens=20)
    prompt = tiny_model.chat.encode_prompt(QUESTION)
    (expected,) = Local().generate(tiny_model, [prompt], decoding)
    reply = Service(tiny_model, Local(), Shelf().add).answer(QUESTION, decoding)
    assert whole(list(reply.pieces)) == expected


def test_a_finished_answer_leaves_a_trace(tiny_model: Model) -> None:
    shelf = Shelf()
    reply = Service(tiny_model, Echo(), shelf.add, clock=lambda: 123.0).answer(QUESTION, Decoding())
    assert not shelf.traces
    answer = whole(list(reply.pieces))
    (trace,) = shelf.traces
    assert reply.id.startswith("chatcmpl-")
    assert trace.seconds > 0
    assert replace(trace, seconds=0) == Trace(
        id=reply.id,
        created=123.0,
        model="tiny-llama",
        messages=QUESTION,
        answer="Where is my order?",
        prompt_tokens=answer.prompt_tokens,
        tokens=answer.tokens,
        seconds=0,
    )


def test_the_trace_is_kept_before_the_last_piece_is_given(tiny_model: Model) -> None:
    shelf = Shelf()
    for piece in Service(tiny_model, Echo(), shelf.add).answer(QUESTION, Decoding()).pieces:
        assert len(shelf.traces) == (piece.finish_reason is not None)


def test_an_untraced_answer_leaves_none(tiny_model: Model) -> None:
    shelf = Shelf()
    reply = Service(tiny_model, Echo(), shelf.add).answer(QUESTION, Decoding(), is_traced=False)
    assert whole(list(reply.pieces)).text == "Where is my order?"
    assert shelf.traces == []


def test_an_answer_that_was_given_up_leaves_no_trace_and_the_turn_is_free(tiny_model: Model) -> None:
    shelf = Shelf()
    service = Service(tiny_model, Local(), shelf.add)
    reply = service.answer(QUESTION, Decoding(max_tokens=100))
    next(reply.pieces)
    reply.pieces.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "generation"]
    assert shelf.traces == []
    assert whole(list(service.answer(QUESTION, Decoding(max_tokens=3)).pieces)).tokens == 3


def test_a_trace_that_cannot_be_kept_is_counted_and_the_answer_given(tiny_model: Model) -> None:
    def full(trace: Trace) -> None:
        raise DiskFull("No room left.")

    service = Service(tiny_model, Echo(), full)
    for expected in (1, 2):
        assert whole(list(service.answer(QUESTION, Decoding()).pieces)).text == "Where is my order?"
        assert service.untraced == expected


def test_a_prompt_without_room_is_refused_before_any_piece(tiny_model: Model) -> None:
    with pytest.raises(PromptTooLong):
        Service(tiny_model, Local(), Shelf().add).answer([Message("user", "x" * 300)], Decoding())


@dataclass(frozen=True, kw_only=True)
class Kept(Echo):
    """Holds on to what it streams, so that nothing but closing it ends it."""

    streams: list[Generator[Completion]] = field(default_factory=list[Generator[Completion]])

    def stream(self, model: Model, prompt: Sequence[int], decoding: Decoding) -> Generator[Completion]:
        self.streams.append(super().stream(model, prompt, decoding))
        return self.streams[-1]


@pytest.mark.parametrize("is_traced", [True, False])
def test_giving_up_an_answer_closes_the_backend_s_stream(tiny_model: Model, is_traced: bool) -> None:
    kept = Kept()
    reply = Service(tiny_model, kept, Shelf().add).answer(QUESTION, Decoding(), is_traced)
    next(reply.pieces)
    reply.pieces.close()
    assert [inspect.getgeneratorstate(stream) for stream in kept.streams] == [inspect.GEN_CLOSED]


@dataclass(frozen=True, kw_only=True)
class Crowded(Backend):
    """Counts how many answers are under way at once."""

    inside: set[int] = field(default_factory=set[int])
    most: list[int] = field(default_factory=list[int])

    def generate(
        self, model: Model, prompts: Sequence[Sequence[int]], decoding: Decoding
    ) -> list[Completion]:
        return []

    def stream(self, model: Model, prompt: Sequence[int], decoding: Decoding) -> Generator[Completion]:
        self.inside.add(threading.get_ident())
        for number in range(20):
            self.most.append(len(self.inside))
            time.sleep(0.0005)  # lets another thread in, if it may
            yield Completion("x", 1, number, "stop" if number == 19 else None)
        self.inside.discard(threading.get_ident())


def test_one_answer_is_generated_at_a_time(tiny_model: Model) -> None:
    crowded, shelf = Crowded(), Shelf()
    service = Service(tiny_model, crowded, shelf.add)

    def ask() -> None:
        list(service.answer(QUESTION, Decoding()).pieces)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shelf.traces) == 8
    assert set(crowded.most) == {1}
    assert len({trace.id for trace in shelf.traces}) == 8


def test_vectors_are_given_in_turn_and_leave_no_trace(tiny_model: Model) -> None:
    shelf = Shelf()
    wanted = Vectors(((1.0,),), 3)
    service = Service(tiny_model, Echo(), shelf.add, vectors=lambda model, texts: wanted)
    assert service.embed(["a"]) is wanted
    assert shelf.traces == []
    with pytest.raises(BadBase, match="answers, and gives no vectors"):
        Service(tiny_model, Echo(), shelf.add).embed(["a"])
