"""Rows that begin alike, laid out as a forest, so that a shared beginning is computed once.

Letters behind names: T tokens of the layout.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]
Slice = tuple[int, int]

WORTH_SHARING = 32
"""Shorter common beginnings are computed once per row: a branch costs attention more than they save."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of tokens, and the runs before it: slices of the layout, in the order they are read."""

    start: int
    end: int
    before: tuple[Slice, ...] = ()

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def depth(self) -> int:
        """How many tokens come before the segment."""
        return sum(end - start for start, end in self.before)


@dataclass(frozen=True, slots=True)
class Forest:
    """Token sequences with shared beginnings; `places[i]` says where in the layout row i's tokens are."""

    ids_T: Ids
    positions_T: Ids
    segments: tuple[Segment, ...]
    places: tuple[Ids, ...]

    @classmethod
    def grow(cls, rows: Sequence[Ids], worth_sharing: int | None = WORTH_SHARING) -> Forest:
        """Lay rows out: trees with the longest rows first, so that rows of one length stand side by side.

        Beginnings of at least `worth_sharing` tokens are shared; None shares nothing.
        """
        order = alphabetical(rows)
        common = [
            0 if worth_sharing is None else common_length(rows[left], rows[right])
            for left, right in pairwise(order)
        ]
        grown = _Growth([rows[index] for index in order], common, worth_sharing or 1)
        grown.grow()
        places = {index: _walk(path) for index, path in zip(order, grown.paths, strict=True)}
        return cls(
            np.concatenate(grown.ids),
            np.concatenate([np.arange(s.depth, s.depth + len(s)) for s in grown.segments]),
            tuple(grown.segments),
            tuple(places[index] for index in range(len(rows))),
        )


def alphabetical(rows: Sequence[Ids]) -> list[int]:
    """Give the order in which rows that begin alike stand side by side, a beginning before its ends."""
    keys = [row.astype(">u4").tobytes() for row in rows]
    return sorted(range(len(rows)), key=keys.__getitem__)


def common_length(left: Ids, right: Ids) -> int:
    """Count the tokens with which both rows begin."""
    size = min(len(left), len(right))
    differs = np.flatnonzero(left[:size] != right[:size])
    return int(differs[0]) if len(differs) else size


@dataclass
class _Growth:
    """A layout while it grows; `common[i]` tells how far rows i and i + 1 begin alike."""

    rows: Sequence[Ids]
    common: Sequence[int]
    least: int
    ids: list[Ids] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    paths: list[tuple[Slice, ...]] = field(default_factory=list)
    end: int = 0

    def grow(self) -> None:
        self.paths = [()] * len(self.rows)
        roots = sorted(self.groups(0, len(self.rows), 0), key=self.longest)
        todo = [(root, 0, ()) for root in roots]
        while todo:
            (first, last), depth, before = todo.pop()
            is_leaf = last - first == 1
            shared = len(self.rows[first]) if is_leaf else min(self.common[first : last - 1])
            path = self.add(self.rows[first][depth:shared], before)
            if is_leaf:
                self.paths[first] = path
            else:
                todo += [(group, shared, path) for group in self.groups(first, last, shared)]

    def groups(self, first: int, last: int, depth: int) -> Iterator[Slice]:
        """Part rows where too few tokens beyond `depth` are common."""
        start = first
        for index in range(first, last - 1):
            if self.common[index] < depth + self.least:
                yield start, index + 1
                start = index + 1
        yield start, last

    def longest(self, group: Slice) -> int:
        return max(len(row) for row in self.rows[slice(*group)])

    def add(self, ids: Ids, before: tuple[Slice, ...]) -> tuple[Slice, ...]:
        if not len(ids):
            return before  # the row ends where the shared beginning does
        own = (self.end, self.end + len(ids))
        self.ids.append(ids)
        self.segments.append(Segment(*own, before))
        self.end = own[1]
        return (*before, own)


def _walk(path: Sequence[Slice]) -> Ids:
    return np.concatenate([np.arange(start, end) for start, end in path])
