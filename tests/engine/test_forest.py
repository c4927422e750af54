from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.engine.forest import WORTH_SHARING, Forest, Segment, alphabetical, common_length

ROWS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=12), min_size=1, max_size=12)
"""Short rows of few different tokens: most of them begin alike, many are beginnings of others or the same."""


def ids(row: Sequence[int]) -> np.ndarray:
    return np.array(row, dtype=np.int64)


def grow(rows: Sequence[Sequence[int]], worth_sharing: int | None = WORTH_SHARING) -> Forest:
    return Forest.grow([ids(row) for row in rows], worth_sharing)


def path(segment: Segment) -> list[tuple[int, int]]:
    return [*segment.before, (segment.start, segment.end)]


@given(ROWS, st.sampled_from([None, 1, 2, 3, 5]))
def test_the_places_of_a_row_spell_the_row(rows: list[list[int]], worth_sharing: int | None) -> None:
    forest = grow(rows, worth_sharing)
    assert len(forest.places) == len(rows)
    for row, place in zip(rows, forest.places, strict=True):
        assert forest.ids_T[place].tolist() == row


@given(ROWS, st.sampled_from([None, 1, 2, 3, 5]))
def test_a_token_stands_at_its_position_in_every_row_that_holds_it(
    rows: list[list[int]], worth_sharing: int | None
) -> None:
    forest = grow(rows, worth_sharing)
    for row, place in zip(rows, forest.places, strict=True):
        assert forest.positions_T[place].tolist() == list(range(len(row)))


@given(ROWS, st.sampled_from([None, 1, 2, 3, 5]))
def test_segments_cover_the_layout_without_a_gap_or_an_overlap(
    rows: list[list[int]], worth_sharing: int | None
) -> None:
    forest = grow(rows, worth_sharing)
    ends = [0, *(segment.end for segment in forest.segments)]
    assert [segment.start for segment in forest.segments] == ends[:-1]
    assert ends[-1] == len(forest.ids_T) == len(forest.positions_T)
    assert all(len(segment) > 0 for segment in forest.segments)


@given(ROWS, st.sampled_from([1, 2, 3]))
def test_a_segment_goes_on_from_whole_segments_in_the_order_they_are_read(
    rows: list[list[int]], worth_sharing: int
) -> None:
    forest = grow(rows, worth_sharing)
    known = {(segment.start, segment.end): segment for segment in forest.segments}
    for segment in forest.segments:
        assert list(segment.before) == [
            piece for place in segment.before[-1:] for piece in path(known[place])
        ]
        assert segment.depth == forest.positions_T[segment.start]


@given(ROWS)
def test_with_every_token_worth_sharing_the_layout_is_the_trie(rows: list[list[int]]) -> None:
    trie = {tuple(row[:end]) for row in rows for end in range(1, len(row) + 1)}
    assert len(grow(rows, 1).ids_T) == len(trie)


@given(ROWS, st.integers(1, 6))
def test_at_least_as_many_tokens_are_shared_as_are_worth_it(
    rows: list[list[int]], worth_sharing: int
) -> None:
    forest = grow(rows, worth_sharing)
    followed = {segment.before[-1] for segment in forest.segments if segment.before}
    assert all(end - start >= worth_sharing for start, end in followed)
    assert len(forest.ids_T) <= sum(map(len, rows))
    for left in range(len(rows)):
        for right in range(left):
            shared = np.intersect1d(forest.places[left], forest.places[right])
            common = common_length(ids(rows[left]), ids(rows[right]))
            assert len(shared) <= common
            assert len(shared) == 0 or len(shared) >= worth_sharing
            assert common - len(shared) < worth_sharing  # the rest would be a branch too short


@given(ROWS)
def test_nothing_is_shared_where_nothing_is_to_be(rows: list[list[int]]) -> None:
    forest = grow(rows, None)
    assert len(forest.ids_T) == sum(map(len, rows))
    assert len(forest.segments) == len(rows)
    assert not any(segment.before for segment in forest.segments)
    assert len({int(place) for places in forest.places for place in places}) == len(forest.ids_T)


@given(ROWS, st.sampled_from([None, 1, 3]))
def test_the_longest_rows_come_first(rows: list[list[int]], worth_sharing: int | None) -> None:
    forest = grow(rows, worth_sharing)
    roots = [segment.start for segment in forest.segments if not segment.before]
    longest = [
        max(len(place) for place in forest.places if start <= place[0] < end)
        for start, end in pairwise([*roots, len(forest.ids_T)])
    ]
    assert longest == sorted(longest, reverse=True)


def test_two_levels_of_beginnings_are_computed_once_each() -> None:
    forest = grow([[1, 1, 2, 2, 3], [1, 1, 2, 2, 4], [1, 1, 5]], 2)
    assert sorted(forest.ids_T.tolist()) == [1, 1, 2, 2, 3, 4, 5]
    assert sorted(len(segment.before) for segment in forest.segments) == [0, 1, 1, 2, 2]


def test_a_common_beginning_one_token_too_short_is_computed_for_every_row() -> None:
    beginning = list(range(WORTH_SHARING))
    long_enough = grow([[*beginning, 100], [*beginning, 101]])
    too_short = grow([[*beginning[1:], 100], [*beginning[1:], 101]])
    assert len(long_enough.ids_T) == WORTH_SHARING + 2
    assert len(too_short.ids_T) == 2 * WORTH_SHARING


def test_the_same_row_twice_is_computed_once() -> None:
    row = list(range(WORTH_SHARING))
    forest = grow([row, [*row, 5], row])
    assert forest.ids_T.tolist() == [*row, 5]
    assert forest.places[0].tolist() == forest.places[2].tolist() == row


def test_rows_of_one_length_stand_side_by_side() -> None:
    forest = grow([[1, 2], [3, 4, 5], [6, 7], [8, 9, 1]])
    assert [len(segment) for segment in forest.segments] == [3, 3, 2, 2]


def test_rows_are_ordered_by_number_and_a_beginning_stands_before_its_ends() -> None:
    rows = [[300, 1], [5, 70_000], [5], [256], [5, 3], [2**31]]
    assert alphabetical([ids(row) for row in rows]) == [2, 4, 1, 3, 0, 5]


@pytest.mark.parametrize(
    ("left", "right", "common"),
    [([1, 2, 3], [1, 2, 4], 2), ([1], [1, 2], 1), ([1], [2], 0), ([7, 8], [7, 8], 2)],
)
def test_common_tokens_are_counted_up_to_the_first_difference(
    left: list[int], right: list[int], common: int
) -> None:
    assert common_length(ids(left), ids(right)) == common
