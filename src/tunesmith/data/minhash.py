"""MinHash: a few bytes of every text, by which similar ones are found without comparing all with all.

For each of some hash functions the smallest hash of a text's shingles is kept. Two texts share it with a
chance that is their similarity s (Broder, 1997, https://doi.org/10.1109/SEQUEN.1997.666900). `rows` of these
minima make a band; two texts that share one of `count` bands whole are looked at, which happens with a chance
of

    1 - (1 - s ** rows) ** count

(Indyk and Motwani, 1998, https://doi.org/10.1145/276698.276876). Of the minima themselves one byte is kept:
how many of them agree tells whether two texts that share a band are worth being compared exactly (Li and
König, 2010, https://doi.org/10.1145/1772690.1772759).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tunesmith.data.shingles import hash_shingles, mix

Numbers = NDArray[np.int64]

RECALL = 0.98
"""The chance with which a pair that is just similar enough shares a band."""

MOST_HASHES = 128
"""Hash functions at most: time and memory grow with them."""

DEVIATIONS = 2.5
"""How many standard deviations the agreement of a pair's minima may lie below what is expected."""


@dataclass(frozen=True)
class Bands:
    """How minima are put together: `count` bands of `rows` minima each."""

    count: int
    rows: int

    @property
    def hashes(self) -> int:
        """How many hash functions there are."""
        return self.count * self.rows

    def chance(self, similarity: float) -> float:
        """Say how likely it is that two texts of this similarity share a band."""
        return 1 - (1 - similarity**self.rows) ** self.count

    def fewest(self, similarity: float) -> int:
        """Say how many minima must agree for a pair to be compared; 1 in 200 of this similarity has fewer."""
        deviation = math.sqrt(self.hashes * similarity * (1 - similarity))
        return math.floor(self.hashes * similarity - DEVIATIONS * deviation)


def choose(similarity: float) -> Bands:
    """Give the bands that the fewest dissimilar texts share by chance, among those that reach RECALL."""
    for rows in range(MOST_HASHES, 1, -1):
        chance = similarity**rows
        count = 1 if chance == 1 else math.ceil(math.log(1 - RECALL) / math.log1p(-chance))
        if rows * count <= MOST_HASHES:
            return Bands(count, rows)
    return Bands(MOST_HASHES, 1)


@dataclass(frozen=True)
class Sketches:
    """What is kept of texts: `keys` [bands, texts] are equal where a band is, `marks` [texts, hashes]."""

    keys: NDArray[np.uint32]
    marks: NDArray[np.uint8]

    def agreement(self, left: Numbers, right: Numbers) -> Numbers:
        """Count for every pair of texts how many of their minima agree."""
        return (self.marks[left] == self.marks[right]).sum(axis=1, dtype=np.int64)

    def pairs(self, most: int) -> Iterator[tuple[Numbers, Numbers]]:
        """Give pairs of texts that share a band: each with the first `most` of those that share it, in turn.

        Pairs may be given again for another band; in a pair, the earlier text comes first.
        """
        for keys in self.keys:
            order = np.argsort(keys, kind="stable")
            heads, lengths = _runs(keys[order])
            for rank in range(min(most, lengths.max(initial=1) - 1)):
                has_more = lengths > rank + 1
                heads, lengths = heads[has_more], lengths[has_more]
                yield _with_rest(order, heads + rank, lengths - rank - 1)

    def pairs_between(self, left: Numbers, right: Numbers, most: int) -> Iterator[tuple[Numbers, Numbers]]:
        """Pair each text of `right` with the first `most` of `left` that share a band with it, in turn."""
        for keys in self.keys:
            order = np.argsort(keys[left], kind="stable")
            ordered, wanted = keys[left][order], keys[right]
            start, end = (np.searchsorted(ordered, wanted, side) for side in ("left", "right"))
            for rank in range(min(most, (end - start).max(initial=0))):
                has_more = start + rank < end
                yield left[order[start[has_more] + rank]], right[has_more]


def sketch(blocks: Iterable[NDArray[np.uint32]], texts: int, bands: Bands) -> Sketches:
    """Sketch texts given as code points, block by block; `texts` is how many there are in all."""
    multipliers, summands = _functions(bands.hashes)
    sketches = Sketches(np.empty((bands.count, texts), np.uint32), np.empty((texts, bands.hashes), np.uint8))
    done = 0
    for codes in blocks:
        hashes, starts = hash_shingles(codes)
        short = (hashes >> np.uint64(32)).astype(np.uint32)
        minima = np.empty((bands.hashes, len(starts)), np.uint32)
        shuffled = np.empty_like(short)
        for number in range(bands.hashes):
            np.multiply(short, multipliers[number], out=shuffled)
            np.add(shuffled, summands[number], out=shuffled)
            np.minimum.reduceat(shuffled, starts, out=minima[number])
        sketches.keys[:, done : done + len(starts)] = _keys(minima, bands)
        sketches.marks[done : done + len(starts)] = minima.T.astype(np.uint8)
        done += len(starts)
    assert done == texts
    return sketches


def _functions(count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Give odd multipliers a and summands b: x -> a * x + b modulo 2**32 puts hashes into another order."""
    numbers = mix(np.arange(1, 2 * count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    short = (numbers >> np.uint64(32)).astype(np.uint32)
    return short[:count] | np.uint32(1), short[count:]


def _keys(minima: NDArray[np.uint32], bands: Bands) -> NDArray[np.uint32]:
    keys = np.zeros((bands.count, minima.shape[1]), np.uint64)
    for row in range(bands.rows):
        keys = mix(keys + minima[row :: bands.rows])
    return (keys >> np.uint64(32)).astype(np.uint32)


def _runs(ordered: NDArray[np.uint32]) -> tuple[Numbers, Numbers]:
    """Find where equal numbers stand side by side: where each run of two or more begins, and its length."""
    is_new = np.ones(len(ordered), dtype=bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(is_new)
    lengths = np.diff(starts, append=len(ordered))
    return starts[lengths > 1], lengths[lengths > 1]


def _with_rest(order: Numbers, heads: Numbers, rest: Numbers) -> tuple[Numbers, Numbers]:
    """Pair what stands at each head with each of the `rest` that stand behind it."""
    left = np.repeat(heads, rest)
    behind = np.arange(len(left)) - np.repeat(np.cumsum(rest) - rest, rest) + 1
    return order[left], order[left + behind]
