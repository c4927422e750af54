import pytest

from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example, Place
from tunesmith.data.source._columns import UNSET, Columns
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._table import Found, Table


def table(*rows, columns=UNSET, moments=()):
    return Table(
        lambda: iter([Found(Place("a", number), row) for number, row in enumerate(rows, 1)]), columns, moments
    )


PAIR = {"prompt": "p", "completion": "c"}
BROKEN = Refused("broken", "found", "Mend it.")


def test_the_first_clear_row_decides_how_all_are_read():
    rows = list(table(BROKEN, {"x": 1}, PAIR, {"prompt": "q", "completion": "d", "x": 1}).read())
    assert [type(row) for row in rows] == [BadRow, BadRow, Example, Example]
    assert [(row.place.line, row.reason) for row in rows[:2]] == [(1, "broken"), (2, "missing field")]
    assert rows[3].fields == {"x": 1}


def test_every_question_reads_the_rows_anew():
    rows = table(PAIR)
    assert rows.shape().kind == "conversations"
    assert rows.sentence("Test").startswith("Test with columns 'prompt' and 'completion'")
    assert len(list(rows.read())) == len(list(rows.read())) == 1


def test_columns_that_only_later_rows_have_are_said_and_many_counted():
    later = PAIR | {f"more{n}": n for n in range(7)}
    unusable = {"prompt": "", "completion": "c", "unusable": 1}
    said = table(PAIR, later, unusable, BROKEN).sentence("Test")
    assert said.endswith("only later rows have: 'more0', 'more1', 'more2', 'more3', 'more4' and 2 more")
    assert "later rows" not in table(PAIR, PAIR).sentence("Test")


def test_without_a_clear_row_the_first_doubt_is_named():
    with pytest.raises(BadData, match=r"No row can be used\. The first: a:1: broken: found\. Mend it\."):
        table(BROKEN, {"x": 1}).shape()


def test_a_time_is_not_taken_for_text_unless_a_column_says_so():
    row = {"question": "q", "when": "2024-01-01"}
    assert table(row).shape().columns == ("question", "when")
    with pytest.raises(BadData, match="columns not recognised"):
        table(row, moments=("when",)).shape()
    said = Columns(prompt="question", completion="when")
    (example,) = table(row, columns=said, moments=("when",)).read()
    assert example.reference == "2024-01-01"
