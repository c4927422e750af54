"""Find texts that are nearly the same among a million, without comparing all with all.

Pairs that share a band of their minima (`minhash`) are compared exactly, by the share of shingles that they
have in common (`shingles`): what is called similar is similar. Of the pairs that are just similar enough at
least 97 in 100 are found, of those that are more similar nearly all.

Nothing is random, and rows that resemble no other change nothing. The order of rows decides which of several
similar ones is the first, of which the others are copies. It decides more only where not every pair is
compared: where over REPRESENTATIVES different texts share a band, where a text was unlike MOST_REFUSED
others, or where a group of linked texts keeps more than MOST_KEPT.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tunesmith.data.digests import repeats
from tunesmith.data.folded import Folded, folded
from tunesmith.data.minhash import choose, sketch
from tunesmith.data.shingles import hash_shingles

REPRESENTATIVES = 32
"""With how many of the first texts that share a band each of the others is compared."""

MOST_REFUSED = 128
"""After how many exact comparisons in vain a text is compared no more."""

MOST_KEPT = 1000
"""With how many kept texts of its group a text is compared."""

PAIRS_AT_ONCE = 2**14
BYTES_AT_ONCE = 2**15

Numbers = NDArray[np.int64]
Degrees = NDArray[np.float64]


@dataclass(frozen=True)
class Copies:
    """For every row the number of the one that it is a copy of, -1 if of none, and how similar both are."""

    of: Numbers
    degree: Degrees


def equal(digests: Iterable[bytes]) -> Copies:
    """Say which digests equal an earlier one, and which is the first of them."""
    of = repeats(digests)
    return Copies(of, (of >= 0).astype(np.float64))


def near_copies(texts: Iterable[str], similarity: float) -> Copies:
    """Say which texts are copies of an earlier one that is itself no copy.

    Texts are linked where they are similar (union-find), and each group is then gone through from its first:
    a text is a copy of the first kept one that it is similar to. Links alone would not do: a chain of small
    steps would make copies of texts that have little in common.
    """
    with folded(texts) as kept:
        judge = _Judge(kept, similarity)
        of, degree = _led(judge, _linked(judge))
        of, degree = np.append(kept.distinct, -1)[of][kept.place], degree[kept.place]
        first = kept.distinct[kept.place]
        is_repeat = (of < 0) & (first != np.arange(len(first)))
        return Copies(np.where(is_repeat, first, of), np.where(is_repeat, 1.0, degree))


def nearest(texts: Iterable[str], against: Iterable[str], similarity: float) -> Copies:
    """Say which texts are similar to one of those they are held against: an equal one, or the first found."""
    with folded(texts, against) as kept:
        asked, known = np.split(kept.place, kept.ends[:1])
        row = np.full(len(kept.distinct), -1)
        row[known[::-1]] = np.arange(len(known))[::-1]  # backwards, so that of equal ones the first stays
        is_known = row >= 0
        wanted = np.unique(asked)
        found, degree = _matched(_Judge(kept, similarity), wanted[~is_known[wanted]], is_known.nonzero()[0])
        of = np.where(is_known, row, np.append(row, -1)[found])
        return Copies(of[asked], np.where(is_known, 1.0, degree)[asked])


def jaccard(texts: Folded, left: Numbers, right: Numbers) -> Degrees:
    """Give for every pair of texts the share of their shingles that both have."""
    size = np.cumsum(texts.lengths[left] + texts.lengths[right])
    parts = np.maximum(size // BYTES_AT_ONCE, np.arange(len(size)) // PAIRS_AT_ONCE)
    borders = np.flatnonzero(np.diff(parts)) + 1
    batches = zip(np.split(left, borders), np.split(right, borders), strict=True)
    return np.concatenate([_jaccard(texts, *batch) for batch in batches if len(batch[0])] or [np.zeros(0)])


class _Judge:
    """Compares distinct texts, which are numbered among themselves: first their minima, then all they say."""

    def __init__(self, texts: Folded, least: float) -> None:
        self.texts, self.least, self.size = texts, least, len(texts.distinct)
        bands = choose(least)
        self.fewest = bands.fewest(least)
        self.sketches = sketch(texts.blocks(), self.size, bands)
        self.refused = np.zeros(self.size, np.int32)

    def similar(self, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers, Degrees]:
        """Give those of the pairs that are similar, and how much."""
        starts = range(0, max(len(left), 1), PAIRS_AT_ONCE)
        parts = [slice(start, start + PAIRS_AT_ONCE) for start in starts]
        found = [self._similar(left[part], right[part]) for part in parts]
        one, other, degree = (np.concatenate(column) for column in zip(*found, strict=True))
        return one, other, degree

    def _similar(self, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers, Degrees]:
        is_likely = self.sketches.agreement(left, right) >= self.fewest
        is_likely &= self.refused[right] < MOST_REFUSED
        left, right = left[is_likely], right[is_likely]
        degree = jaccard(self.texts, self.texts.distinct[left], self.texts.distinct[right])
        is_similar = degree >= self.least
        np.add.at(self.refused, right[~is_similar], 1)
        return left[is_similar], right[is_similar], degree[is_similar]


def _linked(judge: _Judge) -> Numbers:
    """Give all texts that are linked to each other, in any number of steps, the number of one of them."""
    parent = np.arange(judge.size)
    for left, right in judge.sketches.pairs(REPRESENTATIVES):
        is_apart = _roots(parent, left) != _roots(parent, right)
        one, other, _ = judge.similar(left[is_apart], right[is_apart])
        for start, end in zip(one.tolist(), other.tolist(), strict=True):
            parent[_root(parent, end)] = _root(parent, start)
    return _roots(parent, np.arange(judge.size))


def _root(parent: Numbers, member: int) -> int:
    while (above := int(parent[member])) != member:
        parent[member] = member = int(parent[above])
    return member


def _roots(parent: Numbers, members: Numbers) -> Numbers:
    roots = parent[members]
    while (parent[roots] != roots).any():
        roots = parent[roots]
    return roots


def _led(judge: _Judge, roots: Numbers) -> tuple[Numbers, Degrees]:
    """Make each linked text a copy of the first kept one that it is similar to, or else keep it."""
    of, degree = np.full(judge.size, -1), np.zeros(judge.size)
    judge.refused[:] = 0
    waiting = np.flatnonzero(np.bincount(roots, minlength=judge.size)[roots] > 1)
    waiting = waiting[np.argsort(roots[waiting], kind="stable")]
    for _ in range(MOST_KEPT):
        is_first = np.diff(roots[waiting], prepend=-1) != 0
        first = np.flatnonzero(is_first)
        rest = waiting[~is_first]
        leaders = np.repeat(waiting[first], np.diff(first, append=len(waiting)) - 1)
        leaders, copies, degrees = judge.similar(leaders, rest)
        of[copies], degree[copies] = leaders, degrees
        waiting = rest[of[rest] < 0]
        if not len(waiting):
            break
    return of, degree


def _matched(judge: _Judge, wanted: Numbers, against: Numbers) -> tuple[Numbers, Degrees]:
    """Find for each of some texts one of those it is held against that is similar."""
    of, degree = np.full(judge.size, -1), np.zeros(judge.size)
    for left, right in judge.sketches.pairs_between(against, wanted, REPRESENTATIVES):
        is_open = of[right] < 0
        found, texts, degrees = judge.similar(left[is_open], right[is_open])
        of[texts], degree[texts] = found, degrees
    return of, degree


def _jaccard(texts: Folded, left: Numbers, right: Numbers) -> Degrees:
    bits = len(left).bit_length()  # of a hash give way to its pair's number, so that one sort parts all pairs
    one, other = (_shingles(texts, side, bits) for side in (left, right))
    both = np.sort(np.concatenate([one, other]))
    shared = both[1:][both[1:] == both[:-1]]
    all_of, common = (
        np.bincount((some >> np.uint64(64 - bits)).astype(np.int64), minlength=len(left))
        for some in (both, shared)
    )
    return common / (all_of - common)


def _shingles(texts: Folded, numbers: Numbers, bits: int) -> NDArray[np.uint64]:
    hashes, starts = hash_shingles(texts.codes(numbers))
    pairs = np.repeat(np.arange(len(numbers), dtype=np.uint64), np.diff(starts, append=len(hashes)))
    ordered = np.sort((pairs << np.uint64(64 - bits)) | (hashes >> np.uint64(bits)))
    return ordered[np.diff(ordered, prepend=~ordered[:1]) != 0]
