from dataclasses import replace

import pytest

from natural_rows import labelled
from tunesmith.core.errors import BadData
from tunesmith.data.cleaner._sorted import Sorted

ROWS = [labelled(f"text {line}", "ab"[line % 3 > 0], line=line) for line in range(90)]


def chosen(rows, *most):
    return {row.messages[0].content for row, stays in zip(rows, of(rows).chosen(most), strict=True) if stays}


def of(rows):
    return Sorted(rows, "label", None, "cap")


def test_rows_are_counted_by_class():
    classes = of(ROWS)
    assert classes.names == ["a", "b"]
    assert classes.counts.tolist() == [30, 60]
    assert [tuple(own) for own in classes][:4] == [(0,), (1,), (1,), (0,)]


def test_exactly_so_many_are_chosen_of_each_class():
    stays = of(ROWS).chosen([10, 100])
    assert sum(stays[::3]) == 10
    assert sum(stays) == 70


def test_where_rows_stand_does_not_matter():
    rows = [replace(row, place=replace(row.place, line=row.place.line + 7)) for row in ROWS[::-1]]
    assert chosen(ROWS, 10, 20) == chosen([rows[-1], *rows[:-1]], 10, 20)


def test_a_row_that_is_added_displaces_one_at_most():
    before = chosen(ROWS, 10, 20)
    for number in range(20):
        after = chosen([*ROWS, labelled(f"new {number}", "a")], 10, 20)
        assert len(before - after) <= 1
    assert chosen(ROWS, 9, 20) < before


def test_a_row_with_several_classes_needs_room_in_each():
    rows = [labelled(f"text {line}", "a", "b", line=line) for line in range(20)]
    classes = of(rows)
    assert sum(classes.chosen([5, 3])) == 3
    assert sum(classes.chosen([0, 9])) == 0


def test_rows_without_a_class_stay():
    rows = [*ROWS, replace(ROWS[0], labels=())]
    assert of(rows).chosen([0, 0]).tolist() == [False] * 90 + [True]


def test_another_cleaner_chooses_other_rows():
    one, other = Sorted(ROWS, "label", None, "cap"), Sorted(ROWS, "label", None, "balance")
    assert one.chosen([10, 20]).tolist() != other.chosen([10, 20]).tolist()


def test_no_class_at_all_is_an_error_that_says_what_was_looked_for():
    bare = [replace(row, labels=()) for row in ROWS]
    with pytest.raises(BadData, match=r"data.clean.cap: no row has a label\. Remove it, or .* by="):
        of(bare)
    with pytest.raises(BadData, match="no row has a value in column 'shop'"):
        Sorted(ROWS, "column", "shop", "cap")
    assert of([]).names == []
