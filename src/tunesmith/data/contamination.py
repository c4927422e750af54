"""Find held-out rows that training rows give away: they ask or nearly say the same, or contain them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.example import Example
from tunesmith.data.containment import Contained, contained
from tunesmith.data.digests import first_equal
from tunesmith.data.shingles import END
from tunesmith.data.similarity import Copies, nearest
from tunesmith.data.wording import digest, fold, question, wording

SAME_QUESTION, NEARLY_SAME, CONTAINED = WAYS = (
    "the same question",
    "nearly the same",
    "part of a longer row",
)


@dataclass(frozen=True)
class Limits:
    """From which similarity on rows are nearly the same, and from which share on one stands in another."""

    similarity: float
    share: float


@dataclass(frozen=True)
class Leaks:
    """For every row the one of the other side that matches it, -1 if none; in which of the WAYS, how far."""

    of: NDArray[np.int64]
    way: NDArray[np.int64]
    degree: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.of)

    def __getitem__(self, some: slice) -> Leaks:
        return Leaks(self.of[some], self.way[some], self.degree[some])

    @property
    def rows(self) -> NDArray[np.int64]:
        """The numbers of the rows that were found."""
        return np.flatnonzero(self.of >= 0)

    def ways(self) -> dict[str, int]:
        """Count the rows that were found, by way."""
        counts = np.bincount(self.way[self.rows], minlength=len(WAYS)).tolist()
        return {way: count for way, count in zip(WAYS, counts, strict=True) if count}

    def say(self, row: int) -> str:
        """Say in which way a row was found, and how much of it."""
        way = WAYS[self.way[row]]
        return way if way == SAME_QUESTION else f"{way} ({self.degree[row]:.2f})"


def leaked(held_out: Sequence[Example], training: Sequence[Example], limits: Limits) -> Leaks:
    """Say of every held-out row which training row gives it away."""
    near = nearest(map(wording, held_out), map(wording, training), limits.similarity)
    found = _contained(held_out, training, limits.share)
    inside = _best(len(held_out), found.text, found.inside, found.share)
    return _first(_asked_in(held_out, training), near, inside)


def leaking(training: Sequence[Example], held_out: Sequence[Example], limits: Limits) -> Leaks:
    """Say of every training row which held-out row it gives away."""
    near = nearest(map(wording, training), map(wording, held_out), limits.similarity)
    found = _contained(held_out, training, limits.share)
    holding = _best(len(training), found.inside, found.text, found.share)
    return _first(_asked_in(training, held_out), near, holding)


def _asked_in(rows: Sequence[Example], others: Sequence[Example]) -> Copies:
    """Find the rows that ask what one of the others asks, system turns, case and white space apart."""
    first = first_equal(chain(_questions(others), _questions(rows)))[len(others) :]
    of = np.where(first < len(others), first, -1)
    return Copies(of, np.ones(len(of)))


def _questions(rows: Sequence[Example]) -> Iterator[bytes]:
    for row in rows:
        asked = fold(question(row))
        yield digest(asked or END + row.name)  # who asks nothing asks the same as nobody


def _contained(held_out: Sequence[Example], training: Sequence[Example], share: float) -> Contained:
    """Find held-out rows, or their questions alone, in training rows."""
    texts = (text for row in held_out for text in (question(row), wording(row)))
    found = contained(texts, map(wording, training), share)
    return replace(found, text=found.text // 2)


def _best(
    count: int, rows: NDArray[np.integer], others: NDArray[np.integer], share: NDArray[np.float64]
) -> Copies:
    """Give every row the one of the others with the largest share, the first of equals."""
    order = np.lexsort((-others, share))  # what is written last stays
    of, degree = np.full(count, -1), np.zeros(count)
    of[rows[order]], degree[rows[order]] = others[order], share[order]
    return Copies(of, degree)


def _first(*ways: Copies) -> Leaks:
    """Take for every row the first way in which it was found."""
    found = np.stack([copies.of for copies in ways])
    way = np.argmax(found >= 0, axis=0)
    rows = np.arange(found.shape[1])
    return Leaks(found[way, rows], way, np.stack([copies.degree for copies in ways])[way, rows])
