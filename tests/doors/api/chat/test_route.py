"""The official client talks to a real server: whole answers, streams, refusals, and going away."""

import json
import threading
from typing import Any

import anyio
import httpx
import openai
import pytest
from starlette.types import Message as Event

from tunesmith.core.cards import Decoding, Model
from tunesmith.core.example import Message
from tunesmith.doors.api.chat.route import EventStream
from tunesmith.generation.backend.echo import Echo
from tunesmith.generation.backend.local import Local
from tunesmith.monitoring.trace_store import TraceStore

QUESTION: list[Any] = [{"role": "user", "content": "Where is my order?"}]
CONVERSATION: list[Any] = [
    {"role": "system", "content": "Be kind €."},
    {"role": "user", "content": [{"type": "text", "text": "Where is "}, {"type": "text", "text": "it?"}]},
    {"role": "assistant", "content": "Here.", "refusal": None, "annotations": [], "tool_calls": None},
    {"role": "user", "content": "Thank you \U0001f642"},
]


def ask(client: openai.OpenAI, **options: Any) -> Any:
    values = {"model": "tiny-llama", "messages": QUESTION, "max_tokens": 20} | options
    return client.chat.completions.create(**values)


def test_the_answer_is_the_backend_s(server, tiny_model: Model) -> None:
    prompt = tiny_model.chat.encode_prompt([Message("user", "Where is my order?")])
    (expected,) = Local().generate(tiny_model, [prompt], Decoding(max_tokens=20))
    found = ask(server.client)
    assert found.choices[0].message.content == expected.text
    assert found.choices[0].message.role == "assistant"
    assert found.choices[0].finish_reason == expected.finish_reason
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (len(prompt), expected.tokens)
    assert found.usage.total_tokens == len(prompt) + expected.tokens
    assert (found.object, found.model, found.id[:9]) == ("chat.completion", "tiny-llama", "chatcmpl-")


def test_the_prompt_that_is_served_is_the_one_that_is_trained(start, tiny_model: Model) -> None:
    seen: list[list[int]] = []

    class Spying(Echo):
        def stream(self, model: Model, prompt: Any, decoding: Decoding) -> Any:
            seen.append(list(prompt))
            return super().stream(model, prompt, decoding)

    ask(start(Spying()).client, messages=CONVERSATION)
    turns = [
        Message("system", "Be kind €."),
        Message("user", "Where is it?"),
        Message("assistant", "Here."),
        Message("user", "Thank you \U0001f642"),
    ]
    assert seen == [list(tiny_model.chat.encode_prompt(turns))]
    (trained,) = tiny_model.chat.encode_conversation([*turns, Message("assistant", "You are welcome.")])
    assert list(trained.ids[: len(seen[0])]) == seen[0]


@pytest.mark.parametrize(
    "options",
    [{}, {"temperature": 1.5, "seed": 3, "top_p": 0.9}, {"stop": ["e", "zz"]}, {"messages": CONVERSATION}],
)
def test_a_streamed_answer_is_the_whole_one(server, options: dict[str, Any]) -> None:
    plain = ask(server.client, **options)
    stream = ask(server.client, **options, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == (
        plain.choices[0].message.content
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]][-2:] == [
        None,
        plain.choices[0].finish_reason,
    ]
    assert chunks[-1].choices == []
    assert chunks[-1].usage == plain.usage
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}


def test_a_stream_ends_with_done_and_counts_tokens_only_if_asked_to(start) -> None:
    body = {"model": "tiny-llama", "messages": QUESTION, "stream": True}
    reply = start(Echo()).http.post("/v1/chat/completions", json=body)
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    lines = reply.text.split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
    assert all("usage" not in chunk for chunk in chunks)
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert text == "Where is my order?"


def test_no_letter_of_an_answer_ends_a_line_of_its_stream(start) -> None:
    said = "one\u2028two\x85three\u2029four\x0bfive\nsix \U0001f642"
    body = {"model": "tiny-llama", "messages": [{"role": "user", "content": said}], "stream": True}
    with start(Echo()).http.stream("POST", "/v1/chat/completions", json=body) as reply:
        lines = [line.removeprefix("data: ") for line in reply.iter_lines() if line]
    chunks = [json.loads(line) for line in lines if line != "[DONE]"]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == said


def test_unset_options_mean_greedy_and_all_the_room_there_is(server, tiny_model: Model) -> None:
    long: Any = [{"role": "user", "content": "x" * 220}]
    found = ask(server.client, messages=long, max_tokens=None)
    greedy = ask(server.client, messages=long, max_tokens=None, max_completion_tokens=1000, temperature=0)
    assert found.choices == greedy.choices
    assert found.choices[0].finish_reason == "length"
    assert found.usage.total_tokens == tiny_model.context


def test_an_unknown_model_is_not_found(server) -> None:
    with pytest.raises(
        openai.NotFoundError, match=r"There is no model 'tiny-lama'\. Did you mean 'tiny-llama'"
    ) as e:
        ask(server.client, model="tiny-lama")
    assert (e.value.code, e.value.param, e.value.type) == (
        "model_not_found",
        "model",
        "invalid_request_error",
    )
    assert e.value.request_id.startswith("req_")


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_that_leaves_no_room_is_refused_with_numbers(server, stream: bool) -> None:
    with pytest.raises(openai.BadRequestError, match=r"302 tokens, but the model takes 256") as caught:
        ask(server.client, messages=[{"role": "user", "content": "x" * 298}], stream=stream)
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "messages")


def test_requests_are_answered_one_after_the_other_and_none_is_lost(server, traces: TraceStore) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(ask(server.client).choices[0].message.content))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [ask(server.client).choices[0].message.content] * 6
    assert traces.summary().traces == 7


def test_too_many_waiting_requests_are_asked_to_come_back(start) -> None:
    from tunesmith.doors.api.lane import Lane

    server = start(lane=Lane(places=0))
    with pytest.raises(openai.RateLimitError) as caught:
        ask(server.client)
    assert caught.value.response.headers["retry-after"] == "1"


def test_requests_that_come_all_at_once_do_not_wait_beyond_the_places_there_are(start) -> None:
    from tunesmith.doors.api.lane import Lane

    together, go_on = threading.Barrier(6), threading.Event()

    class Gathering(Echo):
        def stream(self, model: Model, prompt: Any, decoding: Decoding) -> Any:
            together.wait(30)  # no request waits for its turn before all of them were let in
            return self._held(super().stream(model, prompt, decoding))

        def _held(self, pieces: Any) -> Any:
            go_on.wait(30)
            yield from pieces

    server = start(Gathering(), lane=Lane(places=1))
    body = {"model": "tiny-llama", "messages": QUESTION}
    statuses: list[int] = []

    def post() -> None:
        statuses.append(server.http.post("/v1/chat/completions", json=body).status_code)
        if statuses.count(429) == 4:
            go_on.set()

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 2 + [429] * 4


def wait_until_idle(server) -> None:
    """Return once nothing is generated and the next request gets its turn at once."""
    assert ask(server.client, max_tokens=1, store=False).usage.completion_tokens == 1
    assert not [thread for thread in threading.enumerate() if thread.name == "generation"]


def slow(model: Model, steps: threading.Event) -> None:
    """Count forward passes, and say so after the third."""
    passes = 0

    def count(*_: object) -> None:
        nonlocal passes
        passes += 1
        model.network.passes = passes
        if passes == 3:
            steps.set()

    model.network.register_forward_hook(count)


def test_a_client_that_leaves_a_stream_stops_the_work(server, tiny_model: Model, traces: TraceStore) -> None:
    slow(tiny_model, threading.Event())
    stream = ask(server.client, max_tokens=None, stream=True)
    next(iter(stream))
    stream.close()
    wait_until_idle(server)
    assert tiny_model.network.passes < 200
    assert traces.summary().traces == 0


def test_a_client_that_leaves_before_its_whole_answer_stops_the_work(
    server, tiny_model: Model, traces: TraceStore
) -> None:
    begun = threading.Event()
    slow(tiny_model, begun)
    body = {"model": "tiny-llama", "messages": QUESTION}

    async def leave() -> None:
        async with httpx.AsyncClient(base_url=server.url) as client, anyio.create_task_group() as group:
            group.start_soon(lambda: client.post("/v1/chat/completions", json=body, timeout=30))
            await anyio.to_thread.run_sync(begun.wait)
            group.cancel_scope.cancel()

    anyio.run(leave)
    wait_until_idle(server)
    assert tiny_model.network.passes < 200
    assert traces.summary().traces == 0


def test_a_failure_while_streaming_reaches_the_client_as_an_error(start, tiny_model: Model) -> None:
    class Failing(Echo):
        def stream(self, model: Model, prompt: Any, decoding: Decoding) -> Any:
            yield from list(super().stream(model, prompt, decoding))[:3]
            raise RuntimeError("a secret of the server")

    server = start(Failing())
    with pytest.raises(openai.APIError) as caught:
        list(ask(server.client, stream=True))
    assert caught.value.type == "server_error"
    assert "secret" not in str(caught.value)
    with pytest.raises(openai.InternalServerError) as whole:
        ask(server.client)
    assert whole.value.type == "server_error"
    assert "secret" not in str(whole.value)


def test_store_false_keeps_the_conversation_out_of_the_traces(server, traces: TraceStore) -> None:
    ask(server.client, store=False)
    assert traces.summary().traces == 0
    ask(server.client)
    assert traces.summary().traces == 1


def test_a_client_that_does_not_read_is_given_up() -> None:
    closed = threading.Event()

    async def source() -> Any:
        try:
            while True:
                yield "data: x\n\n"
        finally:
            closed.set()

    async def take_two(event: Event) -> None:
        if not event.get("body"):
            return
        taken.append(event)
        if len(taken) > 2:
            await anyio.sleep_forever()

    async def silence() -> Event:
        await anyio.sleep_forever()
        raise AssertionError

    taken: list[Event] = []
    stream = EventStream(source(), seconds_to_read=0.01)

    async def serve() -> bool:
        await stream({"type": "http", "asgi": {"spec_version": "2.3"}}, silence, take_two)
        return closed.is_set()

    assert anyio.run(serve)
    assert len(taken) == 3
