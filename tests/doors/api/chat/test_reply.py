"""Replies are what the official client's own types expect, key by key."""

from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tunesmith.core.cards import Completion, Decoding, Model
from tunesmith.core.example import Message
from tunesmith.doors.api.chat.reply import Envelope, usage
from tunesmith.generation.backend.echo import Echo
from tunesmith.serving.answer import Service


def envelope(model: Model) -> Envelope:
    service = Service(model, Echo(), lambda trace: None, clock=lambda: 12.9)
    return Envelope(service.answer([Message("user", "Hi")], Decoding()), service)


def test_whole_answers_and_chunks_are_valid_for_the_official_client(tiny_model: Model) -> None:
    made = envelope(tiny_model)
    answer = Completion("Hello", 7, 3, "stop")
    whole = ChatCompletion.model_validate(made.whole(answer))
    assert (whole.created, whole.choices[0].message.content) == (12, "Hello")
    chunk = ChatCompletionChunk.model_validate(made.chunk({"content": "He"}))
    last = ChatCompletionChunk.model_validate(made.chunk({}, "length"))
    counted = ChatCompletionChunk.model_validate(made.usage_chunk(answer))
    assert (chunk.choices[0].delta.content, chunk.choices[0].finish_reason) == ("He", None)
    assert (last.choices[0].delta.content, last.choices[0].finish_reason) == (None, "length")
    assert counted.usage == whole.usage
    assert chunk.id == last.id == counted.id == whole.id
    assert whole.system_fingerprint == chunk.system_fingerprint == f"fp_{tiny_model.fingerprint[:12]}"


def test_tokens_add_up() -> None:
    assert usage(Completion("Hello", 7, 3)) == {
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "total_tokens": 10,
    }
