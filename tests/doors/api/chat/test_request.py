"""A chat request says what it cannot do by name, and accepts what asks for nothing."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tunesmith.core.cards import Decoding
from tunesmith.core.example import Message
from tunesmith.doors.api.chat.request import MOST_MESSAGES, ChatRequest
from tunesmith.doors.api.failure import Failure, not_understood

TURN = {"role": "user", "content": "Hi"}


def request(**values: Any) -> ChatRequest:
    body = {"model": "tiny", "messages": [TURN]} | values
    return ChatRequest.model_validate_json(json.dumps(body), strict=True)


def failure(**values: Any) -> Failure:
    with pytest.raises(ValidationError) as caught:
        request(**values)
    return not_understood(caught.value, list(ChatRequest.model_fields))


def test_a_bare_request_is_decoded_greedily_with_all_the_room() -> None:
    assert request().decoding(context=99) == Decoding(max_tokens=99)


def test_every_option_reaches_the_decoding() -> None:
    found = request(max_tokens=5, temperature=1, top_p=0.5, seed=-3, stop=["a", "b"]).decoding(99)
    assert found == Decoding(max_tokens=5, temperature=1.0, top_p=0.5, seed=-3, stop=("a", "b"))
    assert request(max_completion_tokens=6, stop="a").decoding(99) == Decoding(max_tokens=6, stop=("a",))


def test_turns_become_cards() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    found = request(messages=[{"role": "developer", "content": "x"}, {"role": "user", "content": parts}])
    assert [turn.message() for turn in found.messages] == [Message("system", "x"), Message("user", "ab")]


UNSUPPORTED: dict[str, Any] = {
    "n": 2,
    "frequency_penalty": 0.5,
    "presence_penalty": -1,
    "logit_bias": {"5": 1},
    "logprobs": True,
    "top_logprobs": 3,
    "response_format": {"type": "json_object"},
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "tool_choice": "required",
    "functions": [{"name": "f"}],
    "function_call": {"name": "f"},
    "modalities": ["text", "audio"],
    "audio": {"voice": "x"},
    "prediction": {"type": "content"},
    "reasoning_effort": "high",
    "verbosity": "low",
    "web_search_options": {},
    "moderation": {},
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_not_supported_is_refused_by_name(name: str) -> None:
    found = failure(**{name: UNSUPPORTED[name]})
    assert (found.status, found.param, found.code) == (400, name, "unsupported_parameter")
    assert found.message == f"{name}: This is not supported yet; leave it out."
    request(**{name: None})


HARMLESS: dict[str, Any] = {
    "n": 1,
    "frequency_penalty": 0.0,
    "presence_penalty": 0,
    "logit_bias": {},
    "logprobs": False,
    "top_logprobs": 0,
    "response_format": {"type": "text"},
    "tools": [],
    "tool_choice": "auto",
    "modalities": ["text"],
    "verbosity": "medium",
    "user": "u",
    "metadata": {"a": "b"},
    "safety_identifier": "x",
    "prompt_cache_key": "x",
    "prompt_cache_options": {},
    "prompt_cache_retention": "24h",
    "parallel_tool_calls": True,
    "service_tier": "auto",
    "store": True,
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_asks_for_nothing_changes_nothing(name: str) -> None:
    assert request(**{name: HARMLESS[name]}).decoding(9) == request().decoding(9)


def test_every_parameter_of_the_official_client_has_a_place() -> None:
    from openai.types.chat.completion_create_params import CompletionCreateParamsBase

    official = CompletionCreateParamsBase.__annotations__.keys()
    assert len(official) > 30
    assert official - ChatRequest.model_fields.keys() == set()


@pytest.mark.parametrize(
    ("values", "param", "says"),
    [
        ({"temperture": 1}, "temperture", "Did you mean 'temperature'?"),
        ({"messages": []}, "messages", "at least 1 item"),
        ({"messages": [TURN] * (MOST_MESSAGES + 1)}, "messages", "at most 2048 items"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role", "'system', 'developer'"),
        ({"messages": [{"role": "user"}]}, "messages.0.content", "Field required"),
        ({"messages": [{"role": "user", "content": None}]}, "messages.0.content", "valid string"),
        (
            {"messages": [TURN, {"role": "user", "content": [{"type": "image_url"}]}]},
            "messages.1.content.0.type",
            "",
        ),
        ({"messages": [{**TURN, "name": "Bob"}]}, "messages.0.name", "not supported yet"),
        ({"messages": [{**TURN, "tool_calls": [{}]}]}, "messages.0.tool_calls", "not supported yet"),
        ({"messages": [{**TURN, "extra": 1}]}, "messages.0.extra", "no parameter"),
        ({"max_tokens": 0}, "max_tokens", "greater than or equal to 1"),
        ({"max_tokens": "5"}, "max_tokens", "valid integer"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, None, "send one of them"),
        ({"temperature": 2.1}, "temperature", "less than or equal to 2"),
        ({"temperature": float("nan")}, "temperature", ""),
        ({"top_p": 0}, "top_p", "greater than 0"),
        ({"stop": ["a"] * 5}, "stop", "at most 4"),
        ({"stop": [""]}, "stop.0", "at least 1 character"),
        ({"stop": ""}, "stop", "at least 1 character"),
        ({"stream": "yes"}, "stream", "valid boolean"),
        ({"stream_options": {}}, None, "needs stream: true"),
        ({"seed": 2**63}, "seed", "less than"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], param: str | None, says: str) -> None:
    found = failure(**values)
    assert (found.status, found.param) == (400, param)
    assert says in found.message
