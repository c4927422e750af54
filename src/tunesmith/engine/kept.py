"""Arrays that are computed once and then mapped from the cache's disk."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.cache import Cache, allocate

States = NDArray[np.float32]


class NoRoom(Exception):
    """The cache's disk has no room for an array."""


def kept(
    cache: Cache, kind: str, key: dict[str, Any], shape: tuple[int, int], fill: Callable[[States], None]
) -> tuple[States, bool]:
    """Give an array that `fill` writes, and whether it was there before; nothing is kept where filling fails.

    Raises NoRoom where the disk is too small, OSError where it refuses.
    """
    size = 4 * shape[0] * shape[1]
    found = cache.find(kind, key)
    was_cached = found is not None and found.stat().st_size == size
    if not was_cached:
        if not cache.has_room_for(size):
            raise NoRoom(f"{size / 1e9:.1f} GB are too much for the disk")
        with cache.adding(kind, key) as file:
            allocate(file, size)
            states = np.memmap(file, np.float32, "r+", shape=shape)
            fill(states)
            states.flush()
        found = cache.find(kind, key)
    assert found is not None
    return np.memmap(found, np.float32, "r", shape=shape), was_cached
