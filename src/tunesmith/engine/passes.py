"""Cut the rows of a step into passes that fit in memory.

Letters behind names: B rows, T tokens, S predictions that differ, C predictions asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from tunesmith.core.cards import Encoded
from tunesmith.engine.forest import WORTH_SHARING, Forest, Ids, alphabetical, common_length
from tunesmith.engine.layout import Layout
from tunesmith.engine.rows import NEXT_TOKEN, Reading, Row, second_parts, side_by_side

if TYPE_CHECKING:
    from tunesmith.engine.meeting import Met

Packing = Literal["forest", "flat", "padded"]
"""How rows share a pass: beginnings computed once, rows end to end, or rows side by side with padding."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What goes through the network at once, and where which token is to be predicted.

    `rows_S` are indices into the flattened tokens, `targets_S` the tokens predicted there. `weights_C` is
    what every asked prediction is worth, row by row in the order of `numbers`; `terms_C` says which of the
    former it is, and is unset where they are the same. `counts` tells how many predictions a row asks for,
    `places` where its tokens are. `layout` is unset for padded rows; `real_BT` says which tokens are no
    padding, `second_BT` which belong to the second of two texts. `source_BT` is what is read before, and
    `real_source_BT` which of it is no padding. `below_BTD` is what frozen layers give, where that is known,
    and `pooled_ND` what a frozen body gives for whole rows. `met` is what came of texts that were
    compared with all others of a step.
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
    real_BT: Tensor | None = None
    second_BT: Tensor | None = None
    source_BT: Tensor | None = None
    real_source_BT: Tensor | None = None
    below_BTD: Tensor | None = None
    pooled_ND: Tensor | None = None
    met: Met | None = None

    def asked(self, values_S: Tensor) -> Tensor:
        """Give the value of every asked prediction, shape [C], from those that differ."""
        return values_S if self.terms_C is None else values_S.index_select(0, self.terms_C)


@dataclass(frozen=True, slots=True)
class Cut:
    """How rows are cut into passes of at most `tokens` tokens, or one row.

    Rows longer than `stretched_beyond` share no pass with shorter ones; `filler` is the id of padding.
    """

    tokens: int
    packing: Packing
    reading: Reading = NEXT_TOKEN
    stretched_beyond: int = sys.maxsize
    filler: int = 0


def passes(rows: Sequence[Encoded], cut: Cut, device: torch.device) -> Iterator[Pass]:
    """Give passes, those with the longest rows first.

    Longest first, so that too little memory shows at once. Tokens behind the last predicted one are left
    out, and so are rows without any: nothing depends on them. How rows are put together changes no row's
    log-probabilities.
    """
    wanted = [Row.of(number, row, cut.reading) for number, row in enumerate(rows) if any(row.weights)]
    stretched = [row for row in wanted if len(row) > cut.stretched_beyond]
    others = [row for row in wanted if len(row) <= cut.stretched_beyond]
    for some in (stretched, others):
        if cut.packing == "padded":
            yield from (_padded(group, cut, device) for group in _rectangles(some, cut.tokens))
        else:
            least = WORTH_SHARING if cut.packing == "forest" else None
            for group in _bins(some, cut.tokens, least):
                yield from _packed(group, cut, least, device)


def _rectangles(rows: Sequence[Row], budget: int) -> Iterator[list[Row]]:
    """Put rows of similar length together; padding counts, that of sources, too."""
    group: list[Row] = []
    width = source = 0
    for row in sorted(rows, key=lambda row: row.cost, reverse=True):
        width, source = max(width, len(row)), max(source, len(row.source))
        if group and (width + source) * (len(group) + 1) > budget:
            yield group
            group, width, source = [], len(row), len(row.source)
        group.append(row)
    if group:
        yield group


def _bins(rows: Sequence[Row], budget: int, least: int | None) -> Iterator[list[Row]]:
    """Fill one pass after the other; a beginning shared with the row before it costs nothing."""
    group: list[Row] = []
    used = 0
    for row, shared in _ranked(rows, least):
        if group and used + len(row) - shared > budget:
            yield group
            group, used = [], 0
        used += len(row) - (shared if group else 0)
        group.append(row)
    if group:
        yield group


def _ranked(rows: Sequence[Row], least: int | None) -> Iterator[tuple[Row, int]]:
    """Give rows and how far each begins like the one before it: rows alike together, the longest first."""
    if least is None:
        yield from ((row, 0) for row in sorted(rows, key=len, reverse=True))
        return
    ordered = [rows[index] for index in alphabetical([row.ids for row in rows])]
    trees: list[list[tuple[Row, int]]] = []
    for before, row in zip([None, *ordered], ordered, strict=False):
        shared = 0 if before is None else common_length(before.ids, row.ids)
        if shared >= least:
            trees[-1].append((row, shared))
        else:
            trees.append([(row, 0)])
    for tree in sorted(trees, key=lambda tree: -max(len(row) for row, _ in tree)):
        yield from tree


def _packed(rows: Sequence[Row], cut: Cut, least: int | None, device: torch.device) -> Iterator[Pass]:
    forest = Forest.grow([row.ids for row in rows], least)
    if len(forest.ids_T) > cut.tokens and len(rows) > 1:  # some beginnings were too short to be shared
        half = len(rows) // 2
        for part in (rows[:half], rows[half:]):
            yield from _packed(part, cut, least, device)
        return
    ids, positions = (torch.from_numpy(each)[None].to(device) for each in (forest.ids_T, forest.positions_T))
    plain = _pass(rows, forest.places, cut.reading, ids)
    yield replace(plain, positions_BT=positions, layout=Layout(forest.segments, cut.reading.is_causal))


def _padded(rows: Sequence[Row], cut: Cut, device: torch.device) -> Pass:
    ids, real = side_by_side([row.ids for row in rows], cut.filler, device)
    width = ids.shape[1]
    places = [np.arange(number * width, number * width + len(row)) for number, row in enumerate(rows)]
    plain = replace(_pass(rows, places, cut.reading, ids), real_BT=real)
    if not cut.reading.reads_source:
        return plain
    source, real_source = side_by_side([row.source for row in rows], cut.filler, device)
    return replace(plain, source_BT=source, real_source_BT=real_source)


def _pass(rows: Sequence[Row], places: Sequence[Ids], reading: Reading, ids: Tensor) -> Pass:
    rows_C = np.concatenate([place[row.asked] for place, row in zip(places, rows, strict=True)])
    targets_C = np.concatenate([row.targets for row in rows])
    weights_C = np.concatenate([row.weights for row in rows])
    rows_S, targets_S, terms_C = rows_C, targets_C, None
    if reading.wanted == "next":  # a shared beginning is asked for the same token more than once
        distinct, found_C = np.unique(np.stack([rows_C, targets_C]), axis=1, return_inverse=True)
        if distinct.shape[1] < len(rows_C):  # else the order of the rows is as good
            (rows_S, targets_S), terms_C = distinct, torch.from_numpy(found_C).to(ids.device)
    return Pass(
        ids,
        positions_BT=None,
        layout=None,
        rows_S=torch.from_numpy(rows_S).to(ids.device),
        targets_S=torch.from_numpy(targets_S).to(ids.device),
        terms_C=terms_C,
        weights_C=torch.from_numpy(weights_C).to(ids.device),
        numbers=tuple(row.number for row in rows),
        counts=tuple(len(row.asked) for row in rows),
        places=tuple(places),
        second_BT=second_parts(rows, places, ids),
    )
