"""Memories for tests: random states with the tokens behind them, and what a naive oracle makes of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.disk import Disk
from tunesmith.memory import _datastore, _store
from tunesmith.memory._manifest import Kept, Manifest
from tunesmith.memory._store import Store

DISK = Disk()
VOCABULARY = 20


@dataclass(frozen=True)
class Lines:
    """States and tokens of one row."""

    key: str
    states: NDArray[np.float32]
    tokens: NDArray[np.int64]
    source: str = "book"


def drawn(rows: int = 5, width: int = 8, seed: int = 0, source: str = "book") -> list[Lines]:
    """Draw rows of 3 to 12 entries; other seeds give other keys."""
    draw = np.random.default_rng(seed)
    return [
        Lines(
            f"{source}-{seed}:{number}",
            draw.normal(size=(length, width)).astype(np.float32),
            draw.integers(VOCABULARY, size=length),
            source,
        )
        for number, length in enumerate(draw.integers(3, 13, size=rows))
    ]


def blank(index: str = "exact", made_with: str = "this model") -> Manifest:
    return Manifest(
        kind="neighbours",
        made_with=made_with,
        about={"index": index},
        columns=_datastore.columns("float32"),
    )


def pieces(rows: Sequence[Lines]) -> Iterator[_store.Piece]:
    for row in rows:
        yield Kept(row.key, row.source, f"digest of {row.key}", len(row.tokens)), _columns(row)


def keep(folder: Path, rows: Sequence[Lines], disk: Disk = DISK) -> Store:
    """Add rows to a memory and read it."""
    _store.add(folder, blank(), [row.key for row in rows], pieces(rows), _store.nothing_more, disk)
    return read(folder)


def read(folder: Path) -> Store:
    return _store.read(folder, "neighbours", "this model")


def files(folder: Path) -> dict[str, bytes]:
    """Give every file of the memory's version by its name."""
    version = _store.newest(folder)
    assert version is not None
    return {path.name: path.read_bytes() for path in version.iterdir()}


def share_of(rows: Sequence[Lines], state: NDArray[Any], most: int, temperature: float) -> dict[int, float]:
    """Give what the nearest neighbours of one state say of each token, in float64, one entry at a time."""
    near = sorted(
        (float(np.square(np.float64(key) - np.float64(state)).sum()), int(token))
        for row in rows
        for key, token in zip(row.states, row.tokens, strict=True)
    )[:most]
    votes = [(np.exp(-squared / temperature), token) for squared, token in near]
    total = sum(vote for vote, _ in votes)
    shares: dict[int, float] = {}
    for vote, token in votes:
        shares[token] = shares.get(token, 0.0) + vote / total
    return shares


def _columns(row: Lines) -> dict[str, NDArray[Any]]:
    return {
        "keys": row.states,
        "norms": np.square(row.states).sum(-1),
        "tokens": row.tokens,
        "shifts": np.zeros(1),
    }
