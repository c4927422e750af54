import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from tunesmith.core.audit import Given
from tunesmith.core.example import Cleaned, Example, Message, Place, ToolCall
from tunesmith.data.cleaner.length import Length

GIVEN = Given((), None, None)  # type: ignore[arg-type]  # nothing is embedded or written here


def pair(prompt: str, answer: str) -> Example:
    return Example(
        Place("r", 1), (Message("system", "s" * 99), Message("user", prompt), Message("assistant", answer))
    )


def clean(row: Example, **options: object) -> Cleaned:
    (cleaned,) = Length(**options).clean([row], GIVEN)  # type: ignore[arg-type]
    return cleaned


@pytest.mark.parametrize(
    ("options", "reason", "detail"),
    [
        ({}, "", ""),
        ({"prompt_at_least": 5, "prompt_at_most": 5, "answer_at_least": 7, "answer_at_most": 7}, "", ""),
        ({"prompt_at_least": 6}, "prompt shorter than 6 characters", "5"),
        ({"prompt_at_most": 4}, "prompt longer than 4 characters", "5"),
        ({"answer_at_least": 8}, "answer shorter than 8 characters", "7"),
        ({"answer_at_most": 6}, "answer longer than 6 characters", "7"),
        ({"unit": "words", "answer_at_least": 2, "answer_at_most": 2}, "", ""),
        ({"unit": "words", "answer_at_least": 3}, "answer shorter than 3 words", "2"),
        ({"unit": "words", "prompt_at_most": 1}, "prompt longer than 1 words", "2"),
    ],
)
def test_a_row_is_kept_between_its_bounds(options: dict[str, object], reason: str, detail: str) -> None:
    row = pair("Who ?", "Ada B. ")
    assert clean(row, **options) == Cleaned(None if reason else row, reason, detail)


def test_by_default_only_empty_texts_are_left_out() -> None:
    assert clean(pair("Who?", "")).reason == "answer shorter than 1 characters"
    assert clean(pair("", "Ada.")).reason == "prompt shorter than 1 characters"


def test_words_of_scripts_without_spaces_are_their_letters() -> None:
    assert clean(pair("天気がよい", "x"), unit="words", prompt_at_least=5, prompt_at_most=5).reason == ""


def test_raw_text_is_an_answer() -> None:
    row = Example(Place("r", 1), text="abc")
    assert clean(row, prompt_at_least=9).reason == ""
    assert clean(row, answer_at_least=4).reason == "answer shorter than 4 characters"


def test_what_is_no_text_is_not_measured() -> None:
    call = Message("assistant", "", tool_calls=(ToolCall("f", "{}"),))
    assert clean(Example(Place("r", 1), (Message("user", "Do it"), call)), answer_at_least=5).reason == ""
    assert (
        clean(Example(Place("r", 1), (Message("user", "Do it"),), wanted='"7"'), answer_at_least=5).reason
        == ""
    )


@any_of(st.lists(st.text(max_size=9), max_size=6))
def test_every_row_gets_exactly_one_decision(answers: list[str]) -> None:
    decisions = list(Length(answer_at_least=3).clean([pair("x", answer) for answer in answers], GIVEN))
    assert [decision.row is not None for decision in decisions] == [len(answer) >= 3 for answer in answers]
