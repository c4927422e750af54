import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from tunesmith.core.audit import Given
from tunesmith.core.example import Cleaned, Example, Message, Place, ToolCall
from tunesmith.data.cleaner.missing import Missing

GIVEN = Given((), None, None)  # type: ignore[arg-type]  # nothing is embedded or written here


def pair(prompt: str, answer: str, **more: object) -> Example:
    turns = (Message("user", prompt), Message("assistant", answer))
    return Example(Place("r", 1), turns, **more)  # type: ignore[arg-type]


def clean(row: Example, cleaner: Missing | None = None) -> Cleaned:
    (cleaned,) = (cleaner or Missing()).clean([row], GIVEN)
    return cleaned


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (pair("Who?", "N/A"), "missing: answer"),
        (pair("-", "Ada."), "missing: prompt"),
        (pair("?", ""), "missing: prompt"),
        (pair("Who?", "Ada.", rejected=(Message("assistant", "null"),)), "missing: rejected"),
        (Example(Place("r", 1), text=" "), "missing: text"),
    ],
)
def test_a_row_that_says_nothing_is_left_out_by_what_is_missing(row: Example, reason: str) -> None:
    assert clean(row) == Cleaned(None, reason)


def test_a_row_that_says_something_stays_as_it_is() -> None:
    call = Message("assistant", "", tool_calls=(ToolCall("f", "{}"),))
    for row in (
        pair("Who?", "Ada.", fields={"topic": ""}),
        pair("Who?", "none", labels=("none",)),
        Example(Place("r", 1), (Message("user", "Do it"), call)),
        Example(Place("r", 1), (Message("system", ""), Message("user", "Do it"))),
        Example(Place("r", 1), text="text"),
    ):
        cleaned = clean(row)
        assert cleaned.row is row
        assert cleaned.reason == ""


def test_a_column_can_be_required() -> None:
    cleaner = Missing(where=("answer", "topic"))
    assert clean(pair("Who?", "Ada.", fields={"topic": "n/a"}), cleaner).reason == "missing: topic"
    assert clean(pair("Who?", "Ada."), cleaner).reason == "missing: topic"
    assert clean(pair("", "Ada.", fields={"topic": "art"}), cleaner).reason == ""


def test_what_is_missing_can_be_filled_in() -> None:
    cleaner = Missing(fill={"answer": "I do not know.", "topic": "other"})
    cleaned = clean(pair("Who?", "null", fields={"topic": "", "id": 3}), cleaner)
    assert cleaned.reason == "filled in: answer, topic"
    assert cleaned.row
    assert cleaned.row.messages == (Message("user", "Who?"), Message("assistant", "I do not know."))
    assert cleaned.row.fields == {"topic": "other", "id": 3}
    assert clean(pair("", "null"), cleaner).reason == "missing: prompt"


def test_each_part_can_be_filled_in() -> None:
    text = clean(Example(Place("r", 1), text=""), Missing(fill={"text": "x"})).row
    assert text
    assert text.text == "x"
    liked = clean(
        pair("Who?", "Ada.", rejected=(Message("assistant", ""),)), Missing(fill={"rejected": "No."})
    ).row
    assert liked
    assert liked.rejected[0].content == "No."
    assert liked.messages[1].content == "Ada."
    label = clean(pair("Who?", "n/a", labels=("n/a",)), Missing(fill={"answer": "other"})).row
    assert label
    assert (label.messages[1].content, label.labels) == ("other", ("other",))


def test_only_what_is_missing_is_filled_in() -> None:
    turns = (Message("user", "a"), Message("assistant", ""), Message("user", "b"), Message("assistant", "c"))
    cleaned = clean(Example(Place("r", 1), turns), Missing(fill={"answer": "x"})).row
    assert cleaned
    assert [turn.content for turn in cleaned.messages] == ["a", "x", "b", "c"]


def test_the_words_can_be_chosen() -> None:
    cleaner = Missing(also=("LEER",), ignore=("N/A",))
    assert clean(pair("Who?", "leer"), cleaner).reason == "missing: answer"
    assert clean(pair("Who?", "n/a"), cleaner).reason == ""
    assert clean(pair("Who?", "null"), cleaner).reason == "missing: answer"


@any_of(st.lists(st.sampled_from(["", "n/a", "Ada.", " "]), max_size=6), st.booleans())
def test_every_row_gets_exactly_one_decision(answers: list[str], fills: bool) -> None:
    cleaner = Missing(fill={"answer": "x"} if fills else {})
    decisions = list(cleaner.clean([pair("Who?", answer) for answer in answers], GIVEN))
    assert len(decisions) == len(answers)
    assert all((decision.row is None) == (not fills and decision.reason != "") for decision in decisions)
