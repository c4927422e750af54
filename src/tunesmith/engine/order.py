"""The order in which rows are seen: a function of seed, epoch and rows alone, so it can be resumed."""

import random
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.cards import Encoded, Measured, Plan


def plans(rows: Sequence[Encoded], seed: int, epochs: int, tokens_per_step: int) -> Iterator[Plan]:
    """Give the minibatch of every optimizer step, in order; the first has step 1.

    Each epoch sees every row once, in an order of its own. A step takes whole rows until the next one
    would exceed `tokens_per_step`, at least one; the last step of an epoch may be smaller.
    """
    step, lengths = 0, _lengths(rows)
    for epoch in range(1, epochs + 1):
        for group in _groups(lengths, _shuffled(len(rows), seed, epoch), tokens_per_step):
            step += 1
            yield Plan(step, epoch, tuple(rows[index] for index in group))


def count_steps(rows: Sequence[Encoded], seed: int, epochs: int, tokens_per_step: int) -> int:
    """Count the optimizer steps that `plans` will give."""
    lengths = _lengths(rows)
    shuffles = (_shuffled(len(rows), seed, epoch) for epoch in range(1, epochs + 1))
    return sum(1 for order in shuffles for _ in _groups(lengths, order, tokens_per_step))


def _lengths(rows: Sequence[Encoded]) -> NDArray[np.int64]:
    return np.array(rows.lengths() if isinstance(rows, Measured) else [row.read for row in rows], np.int64)


def _shuffled(count: int, seed: int, epoch: int) -> list[int]:
    order = list(range(count))
    random.Random(f"{seed}/{epoch}").shuffle(order)
    return order


def _groups(
    lengths: NDArray[np.int64], order: Sequence[int], tokens_per_step: int
) -> Iterator[Sequence[int]]:
    ends = np.cumsum(lengths[order])
    start, done = 0, 0
    while start < len(order):
        stop = max(int(np.searchsorted(ends, done + tokens_per_step, "right")), start + 1)
        yield order[start:stop]
        start, done = stop, int(ends[stop - 1])
