"""Rows that are named, or say a pattern, are left out; a name that no row has is an error."""

import pytest

from planted_rows import row
from tunesmith.core.audit import Given
from tunesmith.core.errors import BadData, BadOption
from tunesmith.data.cleaner.exclude import Exclude

GIVEN = Given((), None, None)  # type: ignore[arg-type]  # neither vectors nor a model are needed
ROWS = [row(f"question {line}", f"answer {line}", line, file="data/train.csv") for line in range(1, 6)]


def clean(**options):
    return list(Exclude(**options).clean(ROWS, GIVEN))


@pytest.mark.parametrize("name", ["train.csv:3", "data/train.csv:3"])
def test_a_row_is_named_by_file_and_line(name: str):
    cleaned = clean(rows=(name, "train.csv:5"))
    assert [one.row.place.line for one in cleaned if one.row] == [1, 2, 4]
    assert [one.reason for one in cleaned if not one.row] == ["named to be excluded"] * 2
    assert [one.row for one in cleaned if one.row] == [ROWS[0], ROWS[1], ROWS[3]]


def test_rows_that_say_a_pattern_are_left_out_with_what_they_said():
    cleaned = clean(pattern=r"answer [24]")
    assert [(one.reason, one.detail) for one in cleaned if not one.row] == [
        ("says what is excluded", "answer 2"),
        ("says what is excluded", "answer 4"),
    ]


@pytest.mark.parametrize("name", ["train.csv:6", "other.csv:3", "train.csv", "rain.csv:3"])
def test_a_name_that_no_row_has_is_refused(name: str):
    with pytest.raises(BadData, match=f"no row is called {name}"):
        clean(rows=("train.csv:1", name))


def test_nothing_to_exclude_and_no_expression_are_refused():
    with pytest.raises(BadOption, match="name rows, such as"):
        clean()
    with pytest.raises(BadOption, match="no regular expression"):
        Exclude(pattern="(")
