"""What a text costs without a neural network: the marks to beat, in bits per byte."""

import lzma
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
DISCOUNT = 0.75
ORDER = 5
HIGHEST_ORDER = 8
"""Bytes that fit a 64-bit word."""


def baselines(training: Sequence[str], held_out: Sequence[str]) -> dict[str, float]:
    """Give the cost of the held-out texts in bits per byte, by baseline.

    The byte models count over the training texts; the compressors see the held-out texts alone, except
    `xz_after_training`, which may point back into the training texts.
    """
    before, text = ("\n\n".join(texts).encode() for texts in (training, held_out))
    size = sum(len(document.encode()) for document in held_out)
    after = len(lzma.compress(before + text, preset=9)) - len(lzma.compress(before, preset=9))
    return {
        "uniform": 8.0,
        "byte_unigram": byte_model(training, held_out, order=1),
        f"byte_{ORDER}_gram": byte_model(training, held_out, order=ORDER),
        f"byte_{HIGHEST_ORDER}_gram": byte_model(training, held_out, order=HIGHEST_ORDER),
        "zlib": 8 * len(zlib.compress(text, 9)) / size,
        "xz": 8 * len(lzma.compress(text, preset=9)) / size,
        "xz_after_training": 8 * after / size,
    }


def byte_model(training: Sequence[str], held_out: Sequence[str], order: int) -> float:
    """Score an interpolated Kneser-Ney model of `order` bytes, at most 8 (Chen & Goodman, 1999, section 3).

    Below the highest order a byte counts by how many different bytes it has followed its context after.
    The recursion ends in the uniform distribution, so no text is impossible. See
    https://doi.org/10.1006/csla.1999.0128.
    """
    if not 1 <= order <= HIGHEST_ORDER:
        raise ValueError(f"The order of a byte model is 1 to {HIGHEST_ORDER}; found {order}.")
    tables = _tables(_grams(training, order), order)
    wanted = _grams(held_out, order)
    probability = np.full(len(wanted), 1 / 256)
    for size, table in enumerate(tables, 1):
        probability = table.interpolate(_last(wanted, size), probability)
    return float(-np.log2(probability).sum() / len(wanted))


@dataclass(frozen=True, slots=True)
class _Table:
    """Counts of one order: n-grams and their contexts, both sorted, as numbers."""

    grams: Words
    counts: NDArray[np.int64]
    contexts: Words
    totals: NDArray[np.int64]
    kinds: NDArray[np.int64]

    def interpolate(self, wanted: Words, shorter: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mix the discounted share of each n-gram with what the shorter context says."""
        count = _look_up(self.grams, self.counts, wanted)
        total = _look_up(self.contexts, self.totals, wanted >> np.uint64(8))
        kinds = _look_up(self.contexts, self.kinds, wanted >> np.uint64(8))
        mixed = (np.maximum(count - DISCOUNT, 0) + DISCOUNT * kinds * shorter) / np.maximum(total, 1)
        return np.where(total > 0, mixed, shorter)


def _tables(grams: Words, order: int) -> list[_Table]:
    """Count from the highest order down; give the tables from the lowest up."""
    tables: list[_Table] = []
    kept, counts = np.unique(grams, return_counts=True)
    for size in range(order, 0, -1):
        contexts, starts = np.unique(kept >> np.uint64(8), return_index=True)
        totals = np.add.reduceat(counts, starts)
        kinds = np.diff(np.append(starts, len(kept)))
        tables.append(_Table(kept, counts, contexts, totals, kinds))
        kept, counts = np.unique(_last(kept, size - 1), return_counts=True)
    return tables[::-1]


def _grams(texts: Sequence[str], order: int) -> Words:
    """Give every byte with the order - 1 bytes before it as one number; zero bytes stand before each text."""
    parts: list[Words] = []
    for text in texts:
        padded = np.frombuffer(bytes(order - 1) + text.encode(), dtype=np.uint8).astype(np.uint64)
        grams = np.zeros(len(padded) - order + 1, dtype=np.uint64)
        for shift in range(order):
            grams = (grams << np.uint64(8)) | padded[shift : shift + len(grams)]
        parts.append(grams)
    return np.concatenate(parts)


def _last(grams: Words, size: int) -> Words:
    """Keep the last `size` bytes of each n-gram."""
    return grams & np.uint64(math.prod([256] * size) - 1)


def _look_up(keys: Words, values: NDArray[np.int64], wanted: Words) -> NDArray[np.int64]:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)
