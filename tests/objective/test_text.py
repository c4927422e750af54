from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Objective
from tunesmith.core.errors import BadOption
from tunesmith.core.example import Example, Place
from tunesmith.core.registry import Registry
from tunesmith.core.task import LANGUAGE
from tunesmith.model.chat import ChatTokenizer
from tunesmith.model.load import load_chat
from tunesmith.objective.text import Text


@pytest.fixture(scope="module")
def chat(tiny_folder: Path) -> ChatTokenizer:
    """Give a tokenizer."""
    return load_chat(tiny_folder)


def document(text: str) -> Example:
    return Example(Place("a.txt", 1, 0), text=text)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60), window=st.integers(2, 20))
def test_every_token_but_the_first_is_learned_exactly_once_after_the_one_before_it(
    chat: ChatTokenizer, text: str, window: int
) -> None:
    whole = chat.encode_document(text.encode("utf-8", "ignore").decode())
    pieces = Text(window=window).encode(document(text.encode("utf-8", "ignore").decode()), chat, LANGUAGE)
    assert list(pieces[0].ids[:1]) + [number for piece in pieces for number in piece.ids[1:]] == list(
        whole.ids
    )
    assert all(list(piece.weights) == [0.0] + [1.0] * (len(piece) - 1) for piece in pieces)
    assert all(2 <= len(piece) <= window for piece in pieces)
    ends = list(accumulate(len(piece) - 1 for piece in pieces))
    assert [piece.ids[0] for piece in pieces[1:]] == [whole.ids[end] for end in ends[:-1]]


@pytest.mark.parametrize("window", [None, 40])
def test_a_document_that_fits_stays_whole(window: int | None, chat: ChatTokenizer) -> None:
    (piece,) = Text(window=window).encode(document("The kettle boils."), chat, LANGUAGE)
    assert piece == chat.encode_document("The kettle boils.")


def test_a_document_begins_and_ends_with_its_tokens(tiny_model: Model) -> None:
    (piece,) = Text().encode(document("The kettle boils."), tiny_model.chat, LANGUAGE)
    assert (piece.ids[0], piece.ids[-1]) == (1, 2)
    assert tiny_model.chat.decode(piece.ids) == "The kettle boils."


def test_a_window_needs_room_for_a_token_and_the_one_before_it() -> None:
    with pytest.raises(BadOption, match=r"objective\.text\.window"):
        Registry("objective", Objective).build("text", {"window": 1})


def test_it_takes_text() -> None:
    assert Text.takes == {"text"}
