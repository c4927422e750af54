from dataclasses import replace

import pytest

from natural_rows import labelled
from planted_rows import row
from tunesmith.core.audit import Given
from tunesmith.core.errors import BadOption
from tunesmith.data.cleaner.cap import Cap

GIVEN = Given((), None, None)  # type: ignore[arg-type]  # neither vectors nor a model are needed
ROWS = [labelled(f"text {line}", "ab"[line % 4 == 0], line=line) for line in range(100)]


def clean(data, **options):
    return list(Cap(**options).clean(data, GIVEN))


def test_so_many_rows_of_each_label_stay_unchanged_and_the_others_are_dropped_with_a_reason():
    cleaned = clean(ROWS, rows=30)
    kept = [after.row for after in cleaned if after.row]
    assert [sum(row.label == label for row in kept) for label in "ab"] == [30, 25]
    assert all(after.row in (None, before) for before, after in zip(ROWS, cleaned, strict=True))
    dropped = [after for after in cleaned if after.row is None]
    assert {(after.reason, after.detail) for after in dropped} == {("more than 30 of the same label", "a")}
    assert all(not after.reason for after in cleaned if after.row)


def test_the_same_answer_is_kept_so_many_times():
    rows = [row(f"question {line}", "I don't know." if line % 2 else f"answer {line}") for line in range(40)]
    kept = [after.row for after in clean(rows, by="answer", rows=3) if after.row]
    assert sum(row.reference == "I don't know." for row in kept) == 3
    assert len(kept) == 23


def test_rows_are_counted_by_a_column_and_those_without_it_stay():
    rows = [
        replace(row, fields={"shop": f"shop {number % 5}"} if number < 50 else {})
        for number, row in enumerate(ROWS)
    ]
    cleaned = clean(rows, by="column", column="shop", rows=4)
    assert sum(after.row is not None for after in cleaned) == 5 * 4 + 50
    assert {after.reason for after in cleaned} == {"", "more than 4 of the same shop"}


def test_nearly_the_same_rows_stay_when_data_grows():
    before = {after.row.place.line for after in clean(ROWS[:80], rows=20) if after.row}
    after = {after.row.place.line for after in clean(ROWS, rows=20) if after.row}
    grown = {line for line in after if line >= 80}
    assert len(before - after) <= len(grown) <= 10


def test_the_order_of_rows_does_not_matter():
    kept = {after.row.place.line for after in clean(ROWS, rows=20) if after.row}
    assert {after.row.place.line for after in clean(ROWS[::-1], rows=20) if after.row} == kept


def test_no_rows_are_no_error():
    assert clean([]) == []


def test_a_column_without_by_column_is_refused():
    with pytest.raises(BadOption, match=r"cleaner\.cap\.column: by=label looks at no column"):
        Cap(column="shop")
