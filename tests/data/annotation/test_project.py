"""A project asks for one thing, and takes nothing else; a row is known by what it says."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from annotation_projects import LABELS, answered, labelled, pair, say, settings, text
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message, Place, ToolCall
from tunesmith.data.annotation.project import (
    ROW,
    Settings,
    Suggestion,
    Task,
    answer_of,
    candidates,
    checked,
    identity,
    question,
    text_of,
    unfit,
)


def test_a_row_is_the_same_wherever_it_stands():
    moved = replace(text(1), place=Place("other.csv", 9), fields={"id": 3}, source="b", times=2.0)
    assert identity(moved) == identity(text(1))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (text(1), text(2)),
        (text(1), labelled(1, "praise")),
        (labelled(1, "complaint"), labelled(1, "praise")),
        (pair(1), replace(pair(1), rejected=())),
        (answered(1), replace(answered(1), value=3.0)),
        (answered(1), replace(answered(1), wanted="42")),
    ],
)
def test_a_row_that_says_something_else_is_another(one, other):
    assert identity(one) != identity(other)


def test_a_row_survives_being_written_and_read():
    turns = (
        Message("system", "Be\nkind."),
        Message("user", "€ \u202e"),
        Message("assistant", "", tool_calls=(ToolCall("f", "{}"),)),
    )
    row = Example(
        Place("a b.csv", 3),
        turns,
        rejected=(Message("assistant", "No."),),
        value=1.5,
        fields={"id": [1]},
        tools="[]",
    )
    assert ROW.validate_json(ROW.dump_json(row)) == row


def test_the_question_is_what_stands_before_the_answer():
    assert [turn.content for turn in question(answered(1))] == ["Where is order 1?"]
    assert text_of(labelled(3, "praise")) == text_of(text(3)) == "Row number 3."
    assert (answer_of(answered(1)), answer_of(labelled(1, "praise")), answer_of(text(1))) == (
        "In the post.",
        "",
        "",
    )


def test_the_answers_to_rank_stand_in_an_order_that_tells_nothing():
    tasks = [Task(n, pair(n)) for n in range(40)]
    first = [candidates(task, 7)[0] for task in tasks]
    assert len(set(first)) == 1  # the same two texts: one order for everybody
    suggested = [Task(n, answered(n), suggestion=Suggestion(n, f"Answer {n}", "tiny")) for n in range(40)]
    of_the_data = sum(candidates(task, 7)[0] == "In the post." for task in suggested)
    assert 8 < of_the_data < 32
    assert candidates(suggested[0], 7) == candidates(suggested[0], 7)
    same = Task(1, answered(1), suggestion=Suggestion(1, "In the post.", "tiny"))
    assert candidates(same, 7) == ("In the post.",)


@pytest.mark.parametrize(
    ("asked", "value", "kept"),
    [
        (settings(), ["praise"], ["praise"]),
        (settings(multiple=True), ["question", "praise"], ["praise", "question"]),
        (settings("answers"), "  Yes.\n", "Yes."),
        (settings("ratings", highest=3), 3, 3),
        (
            settings("ranking"),
            {"answers": ["A", "B"], "order": [[1], [0]]},
            {"answers": ["A", "B"], "order": [[1], [0]]},
        ),
        (
            settings("ranking"),
            {"answers": ["A", "B"], "order": [[1, 0], []]},
            {"answers": ["A", "B"], "order": [[0, 1]]},
        ),
    ],
)
def test_a_value_is_kept_in_its_one_spelling(asked, value, kept):
    kind = {"labels": "labels", "answers": "written", "ratings": "rating", "ranking": "ranking"}[asked.work]
    assert checked(asked, answered(1), say(1, "ann", value, kind=kind)).value == kept


@pytest.mark.parametrize(
    ("asked", "kind", "value"),
    [
        (settings(), "labels", ["joy"]),
        (settings(), "labels", []),
        (settings(), "labels", "praise"),
        (settings(), "labels", [1]),
        (settings(), "labels", ["praise", "complaint"]),
        (settings(), "rating", 3),
        (settings("answers"), "written", " \n"),
        (settings("answers"), "written", None),
        (settings("answers"), "written", "x" * 100_001),
        (settings("answers"), "written", "a\0b"),
        (settings("ratings"), "rating", 6),
        (settings("ratings"), "rating", 0),
        (settings("ratings"), "rating", True),
        (settings("ratings"), "rating", 3.5),
        (settings("ranking"), "ranking", {"answers": ["A", "B"], "order": [[0]]}),
        (settings("ranking"), "ranking", {"answers": ["A", "B"], "order": [[0], [0, 1]]}),
        (settings("ranking"), "ranking", {"answers": ["A"], "order": [[0]]}),
        (settings("ranking"), "ranking", {"answers": ["A", "B"], "order": [["0"], [1]]}),
        (settings("ranking"), "ranking", None),
    ],
)
def test_what_was_not_asked_is_refused(asked, kind, value):
    with pytest.raises(BadData):
        checked(asked, answered(1), say(1, "ann", value, kind=kind))


def test_an_answer_is_corrected_where_there_was_one_and_written_where_there_was_none():
    said = say(1, "ann", "Yes.", kind="written")
    assert checked(settings("answers"), answered(1), said).kind == "corrected"
    assert checked(settings("answers"), text(1), said).kind == "written"


def test_a_skip_and_a_flag_say_nothing_of_the_value():
    assert checked(settings(), text(1), say(1, "ann", ["praise"], kind="skip")).value is None
    flag = checked(settings(), text(1), say(1, "ann", None, kind="flag", note="why"))
    assert (flag.kind, flag.note) == ("flag", "why")
    with pytest.raises(BadData, match="a flag settles nothing"):
        checked(settings(), text(1), say(1, "ann", None, kind="flag", role="adjudicator"))


@pytest.mark.parametrize(
    ("asked", "row", "reason"),
    [
        (settings("ranking"), text(1), "it has no answer"),
        (settings("ratings"), text(1), "it has no answer"),
        (settings("ranking"), replace(pair(1), rejected=pair(1).rejected * 2), "several turns"),
        (
            settings("answers"),
            Example(
                Place("a", 1),
                (Message("user", "?"), Message("assistant", "", tool_calls=(ToolCall("f", "{}"),))),
            ),
            "calls a function",
        ),
        (settings(), text(1), ""),
        (settings("answers"), text(1), ""),
        (settings("ranking"), pair(1), ""),
    ],
)
def test_a_row_that_cannot_be_shown_says_why(asked, row, reason):
    assert reason in unfit(asked, row)
    assert bool(unfit(asked, row)) == bool(reason)


@pytest.mark.parametrize(
    "values",
    [
        {"work": "labels"},
        {"work": "labels", "labels": ["a"]},
        {"work": "labels", "labels": ["a", "a"]},
        {"work": "labels", "labels": LABELS, "overlap": 1.5},
        {"work": "ratings", "highest": 10},
        {"work": "answers", "lables": []},
    ],
)
def test_settings_that_make_no_sense_are_refused(values):
    with pytest.raises(ValidationError):
        Settings.model_validate(values)
