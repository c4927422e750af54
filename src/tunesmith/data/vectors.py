"""Find texts that mean nearly the same, by vectors of length 1 whose product is their similarity (cosine).

Up to EXACT rows all are compared with all that are kept. Beyond, rows are put into clusters first, and only
rows of one cluster are compared (SemDeDup: Abbas et al., 2023, https://arxiv.org/abs/2303.09540): the time
then grows with the number of rows, not with its square, and a pair that a border parts is missed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tunesmith.data.similarity import Copies

EXACT = 50_000
"""Up to how many rows all are compared with all."""

CLUSTER = 5_000
"""How many rows a cluster has on average."""

TURNS = 2
"""How often rows are put into clusters: two rows that a border parts are seldom parted twice."""

ROUNDS = 10
"""How often the centres of clusters are moved."""

SAMPLE = 100
"""Rows per cluster that its centre is found from."""

ROWS_AT_ONCE = 1024
KEPT_AT_ONCE = 8192

ROUNDING = 1e-6
"""By how much the product of two equal vectors may miss 1."""

Embed = Callable[[list[str]], NDArray[Any]]
Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]
Degrees = NDArray[np.float64]


def near_copies(texts: Iterable[str], embed: Embed, similarity: float, exact: int = EXACT) -> Copies:
    """Say which texts are copies in meaning of an earlier one that is kept.

    Vectors lie on a disk; in memory are some bytes for each text.
    """
    with TemporaryFile() as file:
        vectors = _embedded(texts, embed, file)
        of, degree = np.full(len(vectors), -1), np.zeros(len(vectors))
        for turn in range(1 if len(vectors) <= exact else TURNS):
            is_open = np.flatnonzero(of < 0)
            for members in _clusters(vectors, is_open, exact, turn):
                of[members], degree[members] = _lead(vectors, members, similarity - ROUNDING)
            _lift(vectors, similarity - ROUNDING, of, degree)
        return Copies(of, degree)


def _embedded(texts: Iterable[str], embed: Embed, file: IO[bytes]) -> Vectors:
    count, dimensions, reading = 0, 1, iter(texts)
    while some := list(islice(reading, ROWS_AT_ONCE)):
        vectors = np.ascontiguousarray(embed(some), np.float32)
        count, dimensions = count + len(some), vectors.shape[1]
        file.write(vectors.data)
    file.flush()
    if not count:
        return np.zeros((0, dimensions), np.float32)
    return np.memmap(file, np.float32, "r", shape=(count, dimensions))


def _clusters(vectors: Vectors, rows: Numbers, exact: int, turn: int) -> Iterator[Numbers]:
    """Part rows into clusters by the centre that is nearest to them; few rows are one cluster."""
    if len(rows) <= exact:
        yield rows
        return
    centres = _centres(vectors, rows, turn)
    parts = [rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE)]
    nearest = np.concatenate([np.argmax(vectors[part] @ centres.T, axis=1) for part in parts])
    order = rows[np.argsort(nearest, kind="stable")]
    yield from np.split(order, np.cumsum(np.bincount(nearest, minlength=len(centres)))[:-1])


def _centres(vectors: Vectors, rows: Numbers, turn: int) -> Vectors:
    """Find centres by k-means on the sphere, from a sample that is always the same."""
    count = math.ceil(len(rows) / CLUSTER)
    chosen = np.random.default_rng(turn).permutation(rows)[: SAMPLE * count]
    centres = vectors[chosen[:count]]
    sample = vectors[np.sort(chosen)]
    for _ in range(ROUNDS):
        sums = np.zeros_like(centres)
        np.add.at(sums, np.argmax(sample @ centres.T, axis=1), sample)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-12), centres)  # an empty one stays
    return centres


def _lift(vectors: Vectors, least: float, of: Numbers, degree: Degrees) -> None:
    """Let copies of a row that turned out to be a copy be copies of its original, or keep them."""
    copies = np.flatnonzero((of >= 0) & (of[of] >= 0))
    for start in range(0, len(copies), ROWS_AT_ONCE):
        some = copies[start : start + ROWS_AT_ONCE]
        originals = of[of[some]]
        products = np.einsum("rd,rd->r", vectors[some], vectors[originals])
        is_copy = products >= least
        of[some], degree[some] = np.where(is_copy, originals, -1), np.where(is_copy, products, 0)


def _lead(vectors: Vectors, members: Numbers, least: float) -> tuple[Numbers, Degrees]:
    """Make each member a copy of the kept one before it that it is most similar to, or keep it."""
    of, degree = np.full(len(members), -1), np.zeros(len(members))
    kept = members[:0]
    for start in range(0, len(members), ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        rows = members[block]
        who, best = _most_similar(vectors, rows, kept)
        among = vectors[rows] @ vectors[rows].T
        for number, row in enumerate(rows):
            if best[number] < least:  # it is kept, and those behind it may be copies of it
                behind = slice(number + 1, None)
                is_nearer = among[number, behind] > best[behind]
                who[behind][is_nearer], best[behind][is_nearer] = row, among[number, behind][is_nearer]
        is_copy = best >= least
        of[block], degree[block] = np.where(is_copy, who, -1), np.where(is_copy, best, 0)
        kept = np.append(kept, rows[~is_copy])
    return of, degree


def _most_similar(vectors: Vectors, rows: Numbers, kept: Numbers) -> tuple[Numbers, Vectors]:
    """Give for each row the most similar of those that are kept, and how similar it is."""
    who, best = np.full(len(rows), -1), np.full(len(rows), -1, np.float32)
    block = vectors[rows]
    for start in range(0, len(kept), KEPT_AT_ONCE):
        some = kept[start : start + KEPT_AT_ONCE]
        products = block @ vectors[some].T
        nearest = products.argmax(axis=1)
        found = products[np.arange(len(rows)), nearest]
        who = np.where(found > best, some[nearest], who)
        best = np.maximum(found, best)
    return who, best
