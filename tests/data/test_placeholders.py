import pytest

from tunesmith.data.placeholders import LABELS, PLACEHOLDERS, is_missing, placeholders

EMPTY = [None, "", " \n\t", " " * 100, "\u00a0", [], {}, float("nan")]
WORDS = ["N/A", " n/a ", "null", "None", "-", "...", "\u2014", "NaN", "[deleted]", "tbd", "?"]


@pytest.mark.parametrize("value", [*EMPTY, *WORDS])
def test_what_says_nothing_is_missing(value: object) -> None:
    assert is_missing(value)


@pytest.mark.parametrize(
    "value",
    ["0", "no", "a", "None of these", "-5", "NA is sodium", "x" * 100, 0, 0.0, False, [""], {"a": None}],
)
def test_what_says_something_is_not(value: object) -> None:
    assert not is_missing(value)


def test_words_can_be_added_and_taken_away() -> None:
    known = placeholders([" LEER "], ["None"])
    assert is_missing("Leer", known)
    assert is_missing("n/a", known)
    assert not is_missing("none", known)
    assert is_missing("", known)
    assert placeholders() == set(PLACEHOLDERS)


def test_the_words_are_written_as_they_are_compared() -> None:
    assert len(set(PLACEHOLDERS)) == len(PLACEHOLDERS)
    assert all(word == word.strip().casefold() and len(word) < 40 for word in PLACEHOLDERS)
    assert set(LABELS) <= set(PLACEHOLDERS)
