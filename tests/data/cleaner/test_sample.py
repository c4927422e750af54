"""A sample is nested, of the size that was asked for, and the same wherever a row stands."""

from unittest.mock import Mock

import pytest

from tunesmith.core.example import Example, Place
from tunesmith.data.cleaner.sample import Sample

ROWS = [Example(Place("a.txt", line), text=f"text {line}") for line in range(2000)]


def kept(share: float, rows: list[Example] = ROWS) -> list[str]:
    decided = list(Sample(share=share).clean(rows, Mock()))
    assert len(decided) == len(rows)
    assert {one.reason for one in decided if one.row is None} <= {"not in the sample"}
    assert all(one.row is row and not one.reason for one, row in zip(decided, rows, strict=True) if one.row)
    return [one.row.text for one in decided if one.row is not None]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_share_is_kept(share: float):
    # Binomial: four standard deviations are at most 90 rows.
    assert len(kept(share)) == pytest.approx(share * len(ROWS), abs=90)


def test_a_smaller_share_is_part_of_a_larger_one_and_all_is_all():
    assert set(kept(0.1)) < set(kept(0.3)) < set(kept(0.9)) < set(kept(1.0))
    assert len(kept(1.0)) == len(ROWS)


def test_neither_order_nor_other_rows_matter():
    assert sorted(kept(0.5, ROWS[::-1])) == sorted(kept(0.5))
    assert kept(0.5, ROWS[:100]) == [text for text in kept(0.5) if int(text.split()[1]) < 100]
