"""Find texts that are nearly the same among a million, without comparing all with all.

Pairs that share a band of their minima (`minhash`) are compared exactly, by the share of shingles that they have in
common (`shingles`): what is called similar is similar. Of the pairs that are just similar enough at least 97 in 100
are found, of those that are more similar nearly all.

Nothing is random. Other rows change nothing, and neither does the order of rows, but for this: the first of several
similar rows is the one that the others are copies of, and where more than REPRESENTATIVES + 1 different texts share a
band, or a text turns out to be unlike MOST_REFUSED others, not every pair of them is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from tunesmith.data.folded import Folded, folded
from tunesmith.data.minhash import Sketches, choose, sketch
from tunesmith.data.shingles import hash_shingles

REPRESENTATIVES = 32
"""With how many of the first texts in a band each text of it is compared."""

MOST_REFUSED = 32
"""After how many exact comparisons in vain a text is compared no more."""

PAIRS_AT_ONCE = 2**14
BYTES_AT_ONCE = 2**15

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Copies:
    """For every row the number of the row that it is a copy of, -1 if there is none, and how similar both are."""

    of: Numbers
    degree: NDArray[np.float64]


def near_copies(texts: Iterable[str], similarity: float) -> Copies:
    """Say which texts are copies of an earlier one that is itself kept: none is left that resembles another.

    Texts are linked where they are similar, then each group of linked texts is gone through from its first: a text
    is a copy of the first kept one that it is similar to. Links alone would not do: with a chain of small steps
    they make copies of rows that have little in common.
    """
    with folded(texts) as kept:
        judge = _Judge(kept, similarity)
        of, degree = _led(judge, _linked(judge))
        return _by_row(kept, of, degree)


def nearest(texts: Iterable[str], against: Iterable[str], similarity: float) -> Copies:
    """Say which texts resemble one of those they are held against."""


def jaccard(texts: Folded, left: Numbers, right: Numbers) -> NDArray[np.float64]:
    """Give for every pair of texts the share of their shingles that both have."""
    size = np.cumsum(texts.lengths[left] + texts.lengths[right])
    parts = np.maximum(size // BYTES_AT_ONCE, np.arange(len(size)) // PAIRS_AT_ONCE)
    borders = np.flatnonzero(np.diff(parts)) + 1
    batches = zip(np.split(left, borders), np.split(right, borders), strict=True)
    return np.concatenate([_jaccard(texts, *batch) for batch in batches if len(batch[0])] or [np.zeros(0)])


class _Judge:
    """Compares distinct texts, by their place among these: first what is kept of them, then all they say."""

    def __init__(self, texts: Folded, least: float) -> None:
        self.texts, self.least = texts, least
        self.size = len(texts.distinct)
        self.bands = choose(least)
        self.sketches = sketch(texts.blocks(), self.size, self.bands)
        self.fewest = self.bands.fewest(least)
        self.refused = np.zeros(self.size, np.int32)
        self.exact = 0

    def similar(self, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers, NDArray[np.float64]]:
        """Give the pairs that are similar, and how much."""
        found = [self._similar(*pair) for pair in _parts(left, right)]
        return tuple(map(np.concatenate, zip(*found, strict=True)))

    def _similar(self, left, right):
        likely = (self.sketches.agreement(left, right) >= self.fewest) & (self.refused[right] < MOST_REFUSED)
        left, right = left[likely], right[likely]
        self.exact += len(left)
        degree = jaccard(self.texts, self.texts.distinct[left], self.texts.distinct[right])
        is_similar = degree >= self.least
        np.add.at(self.refused, right[~is_similar], 1)
        return left[is_similar], right[is_similar], degree[is_similar]


def _parts(left: Numbers, right: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
    for start in range(0, max(len(left), 1), PAIRS_AT_ONCE):
        yield left[start : start + PAIRS_AT_ONCE], right[start : start + PAIRS_AT_ONCE]


def _linked(judge: _Judge) -> Numbers:
    """Give for every text the first one that it is linked to over any number of similar pairs, perhaps itself."""
    parent = np.arange(judge.size)
    for left, right in judge.sketches.pairs(REPRESENTATIVES):
        apart = _roots(parent, left) != _roots(parent, right)
        for one, other in zip(*judge.similar(left[apart], right[apart])[:2], strict=True):
            low, high = sorted((_root(parent, one), _root(parent, other)))
            parent[high] = low
    return _roots(parent, np.arange(judge.size))


def _root(parent: Numbers, member: int) -> int:
    while parent[member] != member:
        parent[member] = member = parent[parent[member]]
    return member


def _roots(parent: Numbers, members: Numbers) -> Numbers:
    roots = parent[members]
    while (parent[roots] != roots).any():
        roots = parent[roots]
    return roots


def _led(judge: _Judge, roots: Numbers) -> tuple[Numbers, NDArray[np.float64]]:
    """Make every linked text a copy of the first kept one that it is similar to, or keep it."""
    of, degree = np.full(judge.size, -1), np.zeros(judge.size)
    judge.refused[:] = 0
    sizes = np.bincount(roots, minlength=judge.size)
    waiting = np.flatnonzero(sizes[roots] > 1)
    waiting = waiting[np.argsort(roots[waiting], kind="stable")]
    rounds=0
    while len(waiting):
        is_first = np.diff(roots[waiting], prepend=-1) != 0
        first = np.flatnonzero(is_first)
        counts = np.diff(first, append=len(waiting)) - 1
        left, right = np.repeat(waiting[first], counts), waiting[~is_first]
        leaders, copies, degrees = judge.similar(left, right)
        of[copies], degree[copies] = leaders, degrees
        waiting = right[of[right] < 0]
        rounds+=1
    judge.rounds=rounds
    return of, degree


def _by_row(texts: Folded, of: Numbers, degree: NDArray[np.float64]) -> Copies:
    """Turn places among distinct texts into rows; a row that repeats an earlier one is a copy as that one is."""
    return None


def _jaccard(texts: Folded, left: Numbers, right: Numbers) -> NDArray[np.float64]:
    bits = len(left).bit_length()  # of a hash give way to the pair's number
    one, other = (_shingles(texts, side, bits) for side in (left, right))
    both = np.sort(np.concatenate([one, other]))
    shared = both[1:][both[1:] == both[:-1]]
    sizes, common = (
        np.bincount((some >> np.uint64(64 - bits)).astype(np.int64), minlength=len(left))
        for some in (both, shared)
    )
    return common / (sizes - common)


def _shingles(texts: Folded, numbers: Numbers, bits: int) -> NDArray[np.uint64]:
    hashes, starts = hash_shingles(texts.codes(numbers))
    pairs = np.repeat(np.arange(len(numbers), dtype=np.uint64), np.diff(starts, append=len(hashes)))
    ordered = np.sort((pairs << np.uint64(64 - bits)) | (hashes >> np.uint64(bits)))
    return ordered[np.diff(ordered, prepend=~ordered[:1]) != 0]
