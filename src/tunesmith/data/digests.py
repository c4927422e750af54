"""Find equal digests among millions, with some bytes for each and no dictionary."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def first_equal(digests: Iterable[bytes]) -> NDArray[np.int64]:
    """Give for every digest of 16 bytes the number of the first that is equal to it, perhaps its own."""
    kept = bytearray()
    for digest in digests:
        kept += digest
    halves = np.frombuffer(kept, np.uint64).reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0]))  # stable: equal ones stay in their order
    ordered = halves[order]
    is_new = np.ones(len(order), bool)
    is_new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    first = np.empty(len(order), np.int64)
    first[order] = order[is_new][np.cumsum(is_new) - 1]
    return first


def repeats(digests: Iterable[bytes]) -> NDArray[np.int64]:
    """Give for every digest the number of the first that is equal to it, -1 where there is none before it."""
    first = first_equal(digests)
    return np.where(first == np.arange(len(first)), -1, first)
