import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from tunesmith.core.audit import Given
from tunesmith.core.example import Cleaned, Example, Message, Place, ToolCall
from tunesmith.data.cleaner.reasoning import Reasoning

GIVEN = Given((), None, None)  # type: ignore[arg-type]  # nothing is embedded or written here


def row(answer: str, reasoning: str = "", **more: object) -> Example:
    turns = (Message("user", "<think>Who?</think>"), Message("assistant", answer, reasoning=reasoning))
    return Example(Place("r", 1), turns, **more)  # type: ignore[arg-type]


def clean(example: Example, cleaner: Reasoning | None = None) -> Cleaned:
    (cleaned,) = (cleaner or Reasoning()).clean([example], GIVEN)
    return cleaned


@pytest.mark.parametrize(
    ("example", "left"),
    [
        (row("Ada.", "I see."), "Ada."),
        (row("<think>I see.</think>\n\nAda."), "Ada."),
        (row("\n<THINK>\nI\nsee.\n</THINK> Ada."), "Ada."),
        (row("<thinking>a</think>b</thinking>Ada."), "Ada."),
        (row("<reasoning>I see.</reasoning>Ada.", "Both."), "Ada."),
        (row("I see.\n</think>\n\nAda."), "Ada."),
        (row("<think></think>Ada. <think>Or Bob.</think>"), "Ada. <think>Or Bob.</think>"),
    ],
)
def test_reasoning_is_taken_out_of_answers(example: Example, left: str) -> None:
    cleaned = clean(example)
    assert cleaned == Cleaned(row(left), "reasoning taken out")
    assert clean(example, Reasoning(action="drop")) == Cleaned(None, "holds reasoning")


def test_rows_without_any_stay_as_they_are() -> None:
    for example in (
        row("Ada."),
        row("Write <think> first."),
        row("Put <think> and </think> around."),
        Example(Place("r", 1), text="<think>a</think>"),
    ):
        for cleaner in (Reasoning(), Reasoning(action="drop")):
            assert clean(example, cleaner).row is example


def test_tags_can_be_left_alone() -> None:
    example = row("<think>I see.</think>Ada.")
    assert clean(example, Reasoning(tags=False)).row is example
    assert clean(row("<think>a</think>b", "c"), Reasoning(tags=False)) == Cleaned(
        row("<think>a</think>b"), "reasoning taken out"
    )


@pytest.mark.parametrize("answer", ["<think>I see.</think>\n", "<think>I see, but I never came to an end"])
def test_a_row_with_nothing_but_reasoning_is_left_out(answer: str) -> None:
    assert clean(row(answer)) == Cleaned(None, "nothing but reasoning")


def test_a_call_may_be_all_that_is_left() -> None:
    call = ToolCall("f", "{}")
    example = Example(
        Place("r", 1),
        (Message("user", "Do it"), Message("assistant", "", reasoning="So.", tool_calls=(call,))),
    )
    cleaned = clean(example)
    assert cleaned.row
    assert cleaned.row.messages[1] == Message("assistant", "", tool_calls=(call,))


def test_every_answer_is_looked_at_also_the_rejected_one() -> None:
    example = row("Ada.", rejected=(Message("assistant", "<think>x</think>No.", weight=0.0),))
    cleaned = clean(example)
    assert cleaned.row
    assert cleaned.row.rejected == (Message("assistant", "No.", weight=0.0),)


@any_of(
    st.lists(st.sampled_from(["Ada.", "<think>x</think>", "<think>x</think>Ada.", "</think>"]), max_size=6)
)
def test_every_row_gets_exactly_one_decision(answers: list[str]) -> None:
    assert len(list(Reasoning().clean([row(answer) for answer in answers], GIVEN))) == len(answers)
