"""The echo says what it was asked, within the same rules as a model."""

import pytest

from tunesmith.core.cards import Decoding, Model
from tunesmith.core.errors import PromptTooLong
from tunesmith.core.example import Message
from tunesmith.generation.backend.echo import Echo


def prompt_of(model: Model, text: str) -> list[int]:
    return list(model.chat.encode_prompt([Message("user", text)]))


def test_the_prompt_comes_back(tiny_model: Model) -> None:
    prompts = [prompt_of(tiny_model, text) for text in ("Hello", "Bonjour €")]
    completions = Echo().generate(tiny_model, prompts, Decoding())
    assert [one.text for one in completions] == ["Hello", "Bonjour €"]
    assert {one.finish_reason for one in completions} == {"stop"}


def test_streamed_it_is_the_same_in_pieces(tiny_model: Model) -> None:
    prompt = prompt_of(tiny_model, "Hello €")
    pieces = list(Echo().stream(tiny_model, prompt, Decoding()))
    assert "".join(piece.text for piece in pieces) == "Hello €"
    assert [piece.finish_reason for piece in pieces] == [None] * (len(pieces) - 1) + ["stop"]


def test_limits_and_stop_strings_hold(tiny_model: Model) -> None:
    prompt = prompt_of(tiny_model, "Hello you")
    assert Echo().generate(tiny_model, [prompt], Decoding(max_tokens=1))[0].finish_reason == "length"
    assert Echo().generate(tiny_model, [prompt], Decoding(stop=(" you",)))[0].text == "Hello"
    with pytest.raises(PromptTooLong):
        Echo().stream(tiny_model, [5] * tiny_model.context, Decoding())
