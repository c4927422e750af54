import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.example import Example, Message, Place
from tunesmith.core.recipe import Split
from tunesmith.data.split import key_of, side

TENTHS = Split(validation=0.1, test=0.1)
KEYS = [f"question {number}" for number in range(10_000)]

shares = st.floats(0, 0.49)


def row(prompt: str, answer: str, line: int = 1) -> Example:
    return Example(Place("f", line, 0), (Message("user", prompt), Message("assistant", answer)))


def test_sides_never_change_between_versions():
    sides = [side(key, Split(validation=0.2, test=0.2)) for key in KEYS[:10]]
    assert sides == [
        "train",
        "test",
        "train",
        "validation",
        "train",
        "train",
        "validation",
        "validation",
        "train",
        "train",
    ]


def test_the_shares_are_kept():
    counts = {
        name: sum(side(key, TENTHS) == name for key in KEYS) for name in ("train", "validation", "test")
    }
    # Binomial with p = 0.1: three standard deviations are 90 rows.
    assert counts["test"] == pytest.approx(1000, abs=90)
    assert counts["validation"] == pytest.approx(1000, abs=90)


@given(st.lists(st.text(), unique=True), st.randoms(use_true_random=False), shares, shares)
def test_a_side_depends_on_nothing_but_the_key(keys, shuffler, validation, test):
    split = Split(validation=validation, test=test)
    alone = {key: side(key, split) for key in keys}
    grown = [*keys, *KEYS[:20]]
    shuffler.shuffle(grown)
    assert alone.items() <= {key: side(key, split) for key in grown}.items()


@given(st.text(), shares, shares, shares)
def test_one_share_moves_no_row_of_the_other(key, validation, test, other):
    before = side(key, Split(validation=validation, test=test))
    more_validation = side(key, Split(validation=other, test=test))
    more_test = side(key, Split(validation=validation, test=other))
    assert (before == "test") == (more_validation == "test")
    assert (before == "validation") == (more_test == "validation")


@given(st.text())
def test_a_share_of_nothing_holds_nothing(key):
    assert side(key, Split(validation=0, test=0)) == "train"


def test_the_answer_and_the_place_do_not_decide_the_side():
    assert key_of(row("q", "a")) == key_of(row("q", "b", line=9))
    assert key_of(row("q", "a")) != key_of(row("r", "a"))


def test_turns_cannot_be_confused_with_each_other():
    place, answer = Place("f", 1, 0), Message("assistant", "a")
    one = Example(place, (Message("user", 'x"], ["user", "y'), answer))
    two = Example(place, (Message("user", "x"), Message("user", "y"), answer))
    assert key_of(one) != key_of(two)


def test_raw_text_decides_by_itself():
    assert key_of(Example(Place("f", 1, 0), text="once")) == "once"


def test_python_randomness_plays_no_part():
    random.seed(1)
    first = [side(key, TENTHS) for key in KEYS[:100]]
    random.seed(2)
    assert first == [side(key, TENTHS) for key in KEYS[:100]]
