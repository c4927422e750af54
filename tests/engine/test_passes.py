import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine_parts import branching_rows, encoded, random_rows
from tunesmith.core.cards import Encoded
from tunesmith.engine.forest import WORTH_SHARING
from tunesmith.engine.passes import Cut, Packing, Pass, passes

CPU = torch.device("cpu")
PACKINGS: tuple[Packing, ...] = get_args(Packing)
packing = pytest.mark.parametrize("packing", PACKINGS)


def cut(rows: Sequence[Encoded], tokens_per_pass: int, packing: Packing) -> list[Pass]:
    return list(passes(rows, Cut(tokens_per_pass, packing), CPU))


def one(packing: Packing, *rows: tuple[list[int], list[float]]) -> Pass:
    (batch,) = cut([encoded(ids, weights, str(n)) for n, (ids, weights) in enumerate(rows)], 1000, packing)
    return batch


def related_rows(count: int, seed: int) -> list[Encoded]:
    """Give rows made of few blocks, so that many begin alike, for longer or shorter than is worth sharing."""
    draw = random.Random(seed)
    blocks = [[draw.randrange(300) for _ in range(draw.randint(8, 45))] for _ in range(3)]
    rows: list[Encoded] = []
    for number in range(count):
        ids = [token for _ in range(draw.randint(0, 3)) for token in draw.choice(blocks)]
        ids += [draw.randrange(300) for _ in range(draw.randint(0, 6))] or [1, 2]
        ids = ids if len(ids) > 1 else [*ids, 5]
        chance = draw.choice([0.0, 0.05, 0.5, 1.0])
        weights = [0.0, *(draw.choice([0.25, 1.0, 2.0]) * (draw.random() < chance) for _ in ids[1:])]
        rows.append(encoded(ids, weights, str(number)))
    return rows


def predictions(batch: Pass) -> Iterator[tuple[int, tuple[int, ...], int, float]]:
    """Give of every asked prediction its row's number, all ids it is read off, the target and the weight."""
    assert sum(batch.counts) == len(batch.weights_C)
    owners = [number for number, count in zip(batch.numbers, batch.counts, strict=True) for _ in range(count)]
    read = [_read(batch, int(place)) for place in batch.rows_S]
    terms = range(len(read)) if batch.terms_C is None else batch.terms_C.tolist()
    for owner, term, weight in zip(owners, terms, batch.weights_C.tolist(), strict=True):
        yield owner, read[term], int(batch.targets_S[term]), weight


def _read(batch: Pass, place: int) -> tuple[int, ...]:
    """Give the ids that a token sees, its own last, and check their positions."""
    width = batch.ids_BT.shape[1]
    if batch.layout is None or batch.positions_BT is None:
        assert batch.layout is None
        assert batch.positions_BT is None
        return tuple(batch.ids_BT[place // width, : place % width + 1].tolist())
    (segment,) = [each for each in batch.layout.segments if each.start <= place < each.end]
    seen = [
        *(n for start, end in segment.before for n in range(start, end)),
        *range(segment.start, place + 1),
    ]
    assert batch.positions_BT[0, seen].tolist() == list(range(len(seen)))
    return tuple(batch.ids_BT[0, seen].tolist())


@packing
@given(st.integers(1, 20), st.integers(1, 300), st.integers(0, 10_000))
def test_every_asked_prediction_is_made_once_from_its_own_row_and_with_its_weight(
    packing: Packing, count: int, tokens_per_pass: int, seed: int
) -> None:
    rows = related_rows(count, seed)
    found = [each for batch in cut(rows, tokens_per_pass, packing) for each in predictions(batch)]
    assert sorted(found) == [
        (number, tuple(row.ids[:place]), row.ids[place], weight)
        for number, row in enumerate(rows)
        for place, weight in enumerate(row.weights)
        if weight
    ]


@packing
@given(st.integers(1, 20), st.integers(1, 300), st.integers(0, 10_000))
def test_a_pass_holds_no_more_tokens_than_allowed_or_a_single_row(
    packing: Packing, count: int, tokens_per_pass: int, seed: int
) -> None:
    for batch in cut(related_rows(count, seed), tokens_per_pass, packing):
        assert batch.ids_BT.numel() <= tokens_per_pass or len(batch.numbers) == 1


@packing
@given(st.integers(1, 20), st.integers(1, 300), st.integers(0, 10_000))
def test_every_row_with_weight_is_in_one_pass_with_all_its_predictions(
    packing: Packing, count: int, tokens_per_pass: int, seed: int
) -> None:
    rows = related_rows(count, seed)
    batches = cut(rows, tokens_per_pass, packing)
    counts = [pair for batch in batches for pair in zip(batch.numbers, batch.counts, strict=True)]
    assert sorted(counts) == [(n, row.trained) for n, row in enumerate(rows) if row.trained]


def test_the_beginning_of_many_rows_is_in_a_pass_once_and_one_pass_holds_more_rows() -> None:
    rows = [encoded([*range(100), 200 + n], [0.0] * 99 + [1.0, 1.0]) for n in range(10)]
    assert [batch.ids_BT.numel() for batch in cut(rows, 200, "forest")] == [100]
    assert [batch.ids_BT.numel() for batch in cut(rows, 200, "flat")] == [200] * 5
    tails = [replace(row, ids=row.ids + row.ids[-1:], weights=row.weights + row.weights[-1:]) for row in rows]
    assert [batch.ids_BT.numel() for batch in cut(tails, 105, "forest")] == [105, 105]
    assert [batch.numbers for batch in cut(tails, 105, "forest")] == [(0, 1, 2, 3, 4), (5, 6, 7, 8, 9)]


def test_a_branch_too_short_to_be_shared_counts_for_every_row() -> None:
    beginning, branch = [*range(WORTH_SHARING + 8)], [*range(100, 100 + WORTH_SHARING - 1)]
    rows = [
        encoded([*beginning, *middle, end, 0], [0.0] * (len(beginning) + len(middle)) + [1.0, 1.0])
        for middle, end in (([], 7), (branch, 8), (branch, 9))
    ]
    whole = WORTH_SHARING + 8 + 1 + 2 * WORTH_SHARING
    assert [batch.ids_BT.numel() for batch in cut(rows, whole, "forest")] == [whole]
    assert len(cut(rows, whole - 1, "forest")) == 2


@packing
def test_a_row_is_read_up_to_its_last_wanted_token_and_not_beyond(packing: Packing) -> None:
    batch = one(packing, ([5, 6, 7, 8, 9], [0, 0, 1, 1, 0]))
    assert batch.ids_BT.tolist() == [[5, 6, 7]]
    assert batch.rows_S.tolist() == [1, 2]
    assert batch.targets_S.tolist() == [7, 8]


@packing
def test_weights_stand_row_by_row_in_the_order_of_the_numbers(packing: Packing) -> None:
    batch = one(packing, ([1, 2, 3, 4], [0, 0.5, 0, 2]), ([5, 6, 7, 8, 9], [0, 0, 3, 0, 4]))
    order = {(0, 1): [0.5, 2, 3, 4], (1, 0): [3, 4, 0.5, 2]}
    assert batch.counts == (2, 2)
    assert batch.weights_C.tolist() == order[batch.numbers]


@packing
def test_a_row_without_weight_is_left_out_and_the_others_keep_their_numbers(packing: Packing) -> None:
    batch = one(packing, ([1, 2], [0, 0]), ([1, 3], [0, 1]), ([4, 5, 6], [0, 0, 0]), ([7, 8], [0, 2]))
    assert sorted(batch.numbers) == [1, 3]
    assert batch.ids_BT.numel() == 2


@packing
def test_no_rows_make_no_pass(packing: Packing) -> None:
    assert cut([], 100, packing) == []
    assert cut([encoded([1, 2], [0, 0])], 100, packing) == []


@packing
def test_the_longest_rows_are_in_the_first_passes(packing: Packing) -> None:
    rows = random_rows(30)  # of which no two begin alike
    reads = [
        [max(p for p, w in enumerate(rows[n].weights) if w) for n in b.numbers]
        for b in cut(rows, 64, packing)
    ]
    assert len(reads) > 5
    assert max(reads[0]) == max(length for group in reads for length in group)
    for before, after in pairwise(reads):
        assert min(before) >= max(after)


def test_trees_with_the_longest_rows_are_in_the_first_passes() -> None:
    beginning = [*range(40)]
    rows = [encoded(ids, [0.0] * (len(ids) - 1) + [1.0]) for ids in (
        [*range(100, 160)], [*beginning, 1, 2], [*beginning, *range(50, 120)], [*range(200, 295)],
    )]  # fmt: skip
    assert [batch.numbers for batch in cut(rows, 115, "forest")] == [(1, 2), (3,), (0,)]


@packing
def test_a_row_longer_than_a_pass_gets_one_of_its_own(packing: Packing) -> None:
    rows = [encoded(range(start, start + 20), [0.0] + [1.0] * 19) for start in (0, 100)]
    assert [tuple(batch.ids_BT.shape) for batch in cut(rows, 5, packing)] == [(1, 19), (1, 19)]


@packing
def test_rows_of_equal_length_keep_their_order(packing: Packing) -> None:
    rows = [encoded([n, 2, 3], [0, 1, 1]) for n in range(6)]
    assert [number for batch in cut(rows, 4, packing) for number in batch.numbers] == list(range(6))


def test_shorter_rows_are_padded_on_the_right() -> None:
    batch = one("padded", ([1, 2, 3, 4, 5], [0, 1, 1, 1, 1]), ([6, 7], [0, 1]))
    assert batch.ids_BT.tolist() == [[1, 2, 3, 4], [6, 0, 0, 0]]
    assert batch.rows_S.tolist() == [0, 1, 2, 3, 4]


def test_a_prediction_that_several_rows_ask_for_is_made_once() -> None:
    shared = list(range(WORTH_SHARING + 2))
    weights = [0.0] * WORTH_SHARING + [1.0, 2.0, 3.0]
    batch = one("forest", ([*shared, 5], weights), ([*shared, 6], [3 * weight for weight in weights]))
    assert batch.terms_C is not None
    assert batch.ids_BT.numel() == len(shared)
    assert len(batch.rows_S) == 4  # two in the beginning, and two ends after the same token
    assert batch.weights_C.tolist() == [1, 2, 3, 3, 6, 9]
    values = batch.asked(torch.arange(4.0))
    assert values[:2].tolist() == values[3:5].tolist()
    assert values[2] != values[5]


@pytest.mark.parametrize("packing", ["flat", "padded"])
def test_without_shared_beginnings_every_prediction_is_its_own(packing: Packing) -> None:
    (batch,) = cut(branching_rows(), 10_000, packing)
    assert batch.terms_C is None
    assert len(batch.rows_S) == sum(batch.counts)
    values = torch.randn(len(batch.rows_S))
    assert batch.asked(values) is values
