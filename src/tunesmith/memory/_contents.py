"""List the rows of a memory, each once with all of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tunesmith.core.memory import KeptRow
from tunesmith.memory._manifest import Kept


def listed(parts: Sequence[Kept], sizes: Iterable[int]) -> tuple[KeptRow, ...]:
    """Put the parts of each row together, in the order in which they came."""
    by_key: dict[str, list[tuple[Kept, int]]] = {}
    for part, size in zip(parts, sizes, strict=True):
        by_key.setdefault(part.key, []).append((part, size))
    return tuple(
        KeptRow(
            key,
            every[0][0].source,
            joined(part.digest for part, _ in every),
            sum(size for _, size in every),
        )
        for key, every in by_key.items()
    )


def joined(digests: Iterable[str]) -> str:
    """Fingerprint what a row says by the digests of its parts."""
    return " ".join(dict.fromkeys(digests))
