from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planted_rows import row
from tunesmith.core.example import Example, Message, Place, ToolCall
from tunesmith.data.wording import digest, fold, prompt, question, whole, wording

CALL = Message("assistant", "", reasoning="think", tool_calls=(ToolCall("find", '{"at": "x"}'),))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A  b\n c ", "a b c"),
        ("Straße", "STRASSE"),
        ("e\u0301t\u00e9", "\u00e9te\u0301"),
        ("a\u00a0b", "a b"),
    ],
)
def test_case_white_space_and_spelling_of_letters_do_not_count(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("ab", "a b"), ("x²", "x2"), ("a.", "a"), ("é", "e")])
def test_all_else_counts(one, other):
    assert fold(one) != fold(other)


@given(st.text())
def test_no_folded_text_holds_white_space_but_single_blanks(text):
    assert all(part and not part.isspace() for part in fold(text).split(" ")) or not fold(text)
    assert fold(fold(text)) == fold(text)


def test_digests_have_sixteen_bytes_and_take_lone_surrogates():
    assert len({digest("a"), digest("b"), digest("\ud800")}) == 3
    assert len(digest("")) == 16


@pytest.mark.parametrize(
    "other",
    [
        row("q", "b"),
        row("q ", "a"),
        replace(row("q", "a"), value=1.0),
        replace(row("q", "a"), labels=("a",)),
        replace(row("q", "a"), wanted='"a"'),
        replace(row("q", "a"), tools="[]"),
        replace(row("q", "a"), rejected=(Message("assistant", "b"),)),
        Example(Place("f", 1), (Message("user", "q"), Message("assistant", "a", weight=0))),
        Example(Place("f", 1), (Message("user", "q"), Message("assistant", "a", reasoning="r"))),
        Example(Place("f", 1), (Message("system", "q"), Message("assistant", "a"))),
        Example(Place("f", 1), text="q\na"),
    ],
)
def test_rows_differ_as_a_whole_in_whatever_is_learned(other):
    assert whole(row("q", "a")) != whole(other)


def test_place_source_and_other_columns_do_not_make_a_row_another():
    assert whole(row("q", "a")) == whole(
        replace(row("q", "a", line=9, file="g"), source="s", times=2, made_by="m", fields={"id": 1})
    )


def test_a_prompt_is_the_same_whatever_its_case_and_answer():
    assert prompt(row("Why  so?", "a")) == prompt(row("why so?", "b"))
    assert prompt(row("why so?", "a")) != prompt(row("why?", "a"))


def test_a_prompt_with_another_system_turn_is_another_but_its_question_is_not():
    turns = row("q", "a").messages
    one, other = (
        Example(Place("f", 1), (Message("system", told), *turns)) for told in ("Be kind.", "Be brief.")
    )
    assert prompt(one) != prompt(other)
    assert question(one) == question(other) == "q"


def test_who_says_what_makes_a_prompt_another():
    one = (Message("user", "a"), Message("assistant", "b"), Message("user", "c"), Message("assistant", "d"))
    other = (Message("user", "a\nb\nc"), Message("assistant", "d"))
    told = (Message("system", "a\nb\nc"), Message("assistant", "d"))
    assert len({prompt(Example(Place("f", 1), turns)) for turns in (one, other, told)}) == 3


def test_raw_text_is_its_own_prompt_and_asks_nothing():
    one, other = (Example(Place("f", 1), text=text) for text in ("Once.", "once."))
    assert prompt(one) == prompt(other)
    assert question(one) == ""


def test_wording_holds_all_that_is_said_but_the_system_turn():
    turns = (Message("system", "be kind"), Message("user", "q"), CALL, Message("tool", "found"))
    said = Example(Place("f", 1), turns, rejected=(Message("assistant", "no"),), wanted='"w"')
    assert wording(said) == 'q\nthink\nfind\n{"at": "x"}\nfound\nno\n"w"'
    assert wording(Example(Place("f", 1), text="t")) == "t"
