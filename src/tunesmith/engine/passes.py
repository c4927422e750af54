"""Cut the rows of a step into passes that fit in memory.

Letters behind names: B rows, T tokens, S predictions that differ, C predictions asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from tunesmith.core.cards import Encoded
from tunesmith.engine.forest import WORTH_SHARING, Floats, Forest, Ids, alphabetical, common_length
from tunesmith.engine.layout import Layout

Packing = Literal["forest", "flat", "padded"]
"""How rows share a pass: beginnings computed once, rows end to end, or rows side by side with padding."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What goes through the network at once, and where which token is to be predicted.

    `rows_S` are indices into the flattened tokens, `targets_S` the tokens predicted there. `weights_C` is
    what every asked prediction is worth, row by row in the order of `numbers`; `terms_C` says which of the
    former it is, and is unset where they are the same. `counts` tells how many predictions a row asks for,
    `places` where its tokens are. `layout` is unset for padded rows: under causal attention no token sees
    padding to its right. `below_BTD` is what frozen layers give, where that is known.
    """

    ids_BT: Tensor
    positions_BT: Tensor | None
    layout: Layout | None
    rows_S: Tensor
    targets_S: Tensor
    terms_C: Tensor | None
    weights_C: Tensor
    numbers: tuple[int, ...]
    counts: tuple[int, ...]
    places: tuple[Ids, ...]
    below_BTD: Tensor | None = None

    def asked(self, values_S: Tensor) -> Tensor:
        """Give the value of every asked prediction, shape [C], from those that differ."""
        return values_S if self.terms_C is None else values_S.index_select(0, self.terms_C)


def passes(
    rows: Sequence[Encoded],
    tokens_per_pass: int,
    device: torch.device,
    packing: Packing,
    stretched_beyond: int = sys.maxsize,
) -> Iterator[Pass]:
    """Give passes of at most `tokens_per_pass` tokens (or one row), those with the longest rows first.

    Longest first, so that too little memory shows at once. Tokens behind the last predicted one are left
    out, and so are rows without any: nothing depends on them. Rows longer than `stretched_beyond` share no
    pass with shorter ones. How rows are put together changes no row's log-probabilities.
    """
    wanted = [_Row.of(number, row) for number, row in enumerate(rows) if any(row.weights)]
    stretched = [row for row in wanted if len(row) > stretched_beyond]
    others = [row for row in wanted if len(row) <= stretched_beyond]
    for some in (stretched, others):
        if packing == "padded":
            yield from (_padded(group, device) for group in _rectangles(some, tokens_per_pass))
        else:
            least = WORTH_SHARING if packing == "forest" else None
            for group in _bins(some, tokens_per_pass, least):
                yield from _packed(group, tokens_per_pass, least, device)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as arrays: the ids that are read, where the next one is wanted, which one, and its worth."""

    number: int
    ids: Ids
    asked: Ids
    targets: Ids
    weights: Floats

    @classmethod
    def of(cls, number: int, row: Encoded) -> _Row:
        ids = np.asarray(row.ids, dtype=np.int64)
        weights = np.asarray(row.weights, dtype=np.float32)
        wanted = np.flatnonzero(weights)
        return cls(number, ids[: wanted[-1]], wanted - 1, ids[wanted], weights[wanted])

    def __len__(self) -> int:
        return len(self.ids)


def _rectangles(rows: Sequence[_Row], budget: int) -> Iterator[list[_Row]]:
    by_length = sorted(rows, key=len, reverse=True)
    start = 0
    while start < len(by_length):
        end = start + max(1, budget // len(by_length[start]))
        yield by_length[start:end]
        start = end


def _bins(rows: Sequence[_Row], budget: int, least: int | None) -> Iterator[list[_Row]]:
    """Fill one pass after the other; a beginning shared with the row before it costs nothing."""
    group: list[_Row] = []
    used = 0
    for row, shared in _ranked(rows, least):
        if group and used + len(row) - shared > budget:
            yield group
            group, used = [], 0
        used += len(row) - (shared if group else 0)
        group.append(row)
    if group:
        yield group


def _ranked(rows: Sequence[_Row], least: int | None) -> Iterator[tuple[_Row, int]]:
    """Give rows and how far each begins like the one before it: rows alike together, the longest first."""
    if least is None:
        yield from ((row, 0) for row in sorted(rows, key=len, reverse=True))
        return
    ordered = [rows[index] for index in alphabetical([row.ids for row in rows])]
    trees: list[list[tuple[_Row, int]]] = []
    for before, row in zip([None, *ordered], ordered, strict=False):
        shared = 0 if before is None else common_length(before.ids, row.ids)
        if shared >= least:
            trees[-1].append((row, shared))
        else:
            trees.append([(row, 0)])
    for tree in sorted(trees, key=lambda tree: -max(len(row) for row, _ in tree)):
        yield from tree


def _packed(rows: Sequence[_Row], budget: int, least: int | None, device: torch.device) -> Iterator[Pass]:
    forest = Forest.grow([row.ids for row in rows], least)
    if len(forest.ids_T) > budget and len(rows) > 1:  # some beginnings were too short to be shared
        half = len(rows) // 2
        for part in (rows[:half], rows[half:]):
            yield from _packed(part, budget, least, device)
        return
    ids, positions = (torch.from_numpy(each)[None].to(device) for each in (forest.ids_T, forest.positions_T))
    yield _pass(rows, forest.places, ids, positions, Layout(forest.segments))


def _padded(rows: Sequence[_Row], device: torch.device) -> Pass:
    width = len(rows[0])
    ids = np.zeros((len(rows), width), dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row.ids
    places = [np.arange(number * width, number * width + len(row)) for number, row in enumerate(rows)]
    return _pass(rows, places, torch.from_numpy(ids).to(device), None, None)


def _pass(
    rows: Sequence[_Row], places: Sequence[Ids], ids: Tensor, positions: Tensor | None, layout: Layout | None
) -> Pass:
    rows_C = np.concatenate([place[row.asked] for place, row in zip(places, rows, strict=True)])
    targets_C = np.concatenate([row.targets for row in rows])
    weights_C = np.concatenate([row.weights for row in rows])
    distinct, terms_C = np.unique(np.stack([rows_C, targets_C]), axis=1, return_inverse=True)
    if distinct.shape[1] == len(rows_C):  # then the order of the rows is as good, and nothing is to be picked
        distinct, terms_C = np.stack([rows_C, targets_C]), None
    return Pass(
        ids,
        positions,
        layout,
        torch.from_numpy(distinct[0]).to(ids.device),
        torch.from_numpy(distinct[1]).to(ids.device),
        None if terms_C is None else torch.from_numpy(terms_C).to(ids.device),
        torch.from_numpy(weights_C).to(ids.device),
        tuple(row.number for row in rows),
        tuple(len(row.asked) for row in rows),
        tuple(places),
    )
