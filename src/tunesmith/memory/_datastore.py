"""States and the tokens that came after them: kept row by row, and found again by what is near.

Letters in shapes: S states, k neighbours, D width, N entries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import BadOption, NonFinite
from tunesmith.core.hashing import hash_bytes
from tunesmith.core.memory import Forward, Remembered
from tunesmith.memory import _clusters
from tunesmith.memory._manifest import Column, Kept
from tunesmith.memory._search import Apart, Exact, Ranges
from tunesmith.memory._states import Place, of_row
from tunesmith.memory._store import Piece, Store

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

Precision = Literal["float16", "float32"]
STORED: Mapping[Precision, Literal["<f2", "<f4"]] = {"float16": "<f2", "float32": "<f4"}
LARGEST_HALF = 65504.0

PROBED = 128
"""How many stored states are looked for anew, to measure what rounding and clusters lose."""


def columns(precision: Precision) -> dict[str, Column]:
    """Describe the arrays: keys [N, D], their squared lengths, what came next, what rounding moved."""
    return {
        "keys": Column(dtype=STORED[precision]),
        "norms": Column(dtype="<f4"),
        "tokens": Column(dtype="<i4"),
        "shifts": Column(dtype="<f8", per="row"),  # the sum of squared distances that a row's keys were moved
    }


def pieces(
    rows: Sequence[Remembered], forward: Forward, place: Place, precision: Precision
) -> Iterator[Piece]:
    """Read rows with the model; each token sequence of a row is kept by itself."""
    for row in rows:
        for sequence in row.sequences:
            states, tokens = of_row(forward, sequence, place)
            arrays = _arrays(states.float().cpu().numpy(), precision, row.key)
            arrays["tokens"] = tokens.cpu().numpy()
            yield Kept(row.key, row.source, digest(sequence), len(tokens)), arrays


def digest(row: Encoded) -> str:
    """Fingerprint what a row says, whatever it is called."""
    import numpy as np

    return hash_bytes(b"".join(np.asarray(ids, "<i4").tobytes() for ids in (row.source, [-1], row.ids)))


def finish(store: Store, most: int, probes: int) -> dict[str, float]:
    """Write the index, and measure on some of the stored states what rounding and the index lose.

    `nearest` is the usual distance of a state from its nearest neighbour, `rounding` by what share of it
    rounding moves a key, `recall` the share of neighbours that the index finds.
    """
    import numpy as np

    if store.manifest.about["index"] == "faiss" and store.entries >= _clusters.FEWEST:
        _clusters.build(store.arrays["keys"], store.folder / _clusters.INDEX)
    if not store.entries:
        return {}
    datastore = Datastore.of(store, most, probes)
    probed = np.unique(np.linspace(0, store.entries - 1, PROBED, dtype=np.int64))
    return datastore.measure(probed)


@dataclass(frozen=True)
class Datastore:
    """Finds the neighbours of states; `by_key` and `by_digest` name the entries of rows."""

    store: Store
    keys: NDArray[Any]
    tokens: NDArray[Any]
    exact: Exact
    clustered: _clusters.Clustered | None
    most: int
    by_key: Mapping[str, Ranges]
    by_digest: Mapping[str, Ranges]

    @classmethod
    def of(cls, store: Store, most: int, probes: int) -> Datastore:
        """Open the arrays of a memory, and its index if it has one."""
        keys, path = store.arrays["keys"], store.folder / _clusters.INDEX
        clustered = _clusters.Clustered.read(keys, path, probes) if path.exists() else None
        exact = Exact(keys, store.arrays["norms"])
        by_key, by_digest = (_ranges(store, name) for name in ("key", "digest"))
        return cls(store, keys, store.arrays["tokens"], exact, clustered, most, by_key, by_digest)

    def neighbours(self, states: Tensor, apart: Apart) -> tuple[Tensor, Tensor]:
        """Give squared distances and tokens of neighbours, both [S, k]; infinite where there is none."""
        import numpy as np
        import torch

        if not self.store.entries:
            nobody = states.new_full((len(states), 1), torch.inf, dtype=torch.float32)
            return nobody, torch.zeros_like(nobody, dtype=torch.int64)
        search = self.exact if self.clustered is None else self.clustered
        squared, who = search.nearest(states, min(self.most, self.store.entries), apart)
        tokens = self.tokens[who.clamp_min(0).cpu().numpy()].astype(np.int64)
        return squared, torch.from_numpy(tokens).to(states.device)

    def apart(self, rows: Iterable[tuple[Encoded, int]]) -> Apart:
        """Keep rows from being their own neighbours; each comes with how many states it has, in their order.

        A stored row is the same if it has the same name or says the same.
        """
        import numpy as np

        groups: list[NDArray[Any]] = [np.zeros(0, np.int64)]
        ranges: list[Ranges] = []
        for row, count in rows:
            own = {*self.by_key.get(row.key, ()), *self.by_digest.get(digest(row), ())}
            groups.append(np.full(count, len(ranges) if own else -1))
            if own:
                ranges.append(tuple(sorted(own)))
        return Apart(np.concatenate(groups), tuple(ranges))

    def measure(self, probed: NDArray[Any]) -> dict[str, float]:
        """Look for some of the stored states anew, among all that is not of their rows."""
        import numpy as np
        import torch

        rows = [self.store.rows[row] for row in np.searchsorted(self.store.ends, probed, "right") - 1]
        own = [tuple({*self.by_key[row.key], *self.by_digest[row.digest]}) for row in rows]
        apart = Apart(np.arange(len(probed)), tuple(own))
        states = torch.from_numpy(self.keys[probed].astype(np.float32))
        most = min(self.most, self.store.entries)
        squared, who = self.exact.nearest(states, most, apart)
        near = float(squared.amin(-1)[squared.amin(-1).isfinite()].mean().sqrt())
        moved = float(np.sqrt(self.store.arrays["shifts"].sum() / self.store.entries))
        found = {"nearest": near, "rounding": moved / near} if near > 0 else {}
        if self.clustered is not None:
            found["recall"] = _shared(who, self.clustered.nearest(states, most, apart)[1])
        return found


def _arrays(states: NDArray[Any], precision: Precision, key: str) -> dict[str, NDArray[Any]]:
    import numpy as np

    if not np.isfinite(states).all():
        raise NonFinite(
            f"The model's states for row {key!r} are not numbers: nothing was kept. Check the model."
        )
    if precision == "float16" and np.abs(states).max(initial=0.0) > LARGEST_HALF:
        raise BadOption(
            f"memory.neighbours.keys: states of row {key!r} are too large for float16. Set float32."
        )
    keys = states.astype(STORED[precision])
    held = keys.astype(np.float32)
    shift = np.square(held - states, dtype=np.float64).sum()
    return {"keys": keys, "norms": np.square(held).sum(-1), "shifts": np.array([shift])}


def _ranges(store: Store, name: Literal["key", "digest"]) -> Mapping[str, Ranges]:
    """Give the entries of each name; those of rows that stand together are one range."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, start, end in zip(store.rows, store.ends.tolist(), store.ends[1:].tolist(), strict=False):
        ranges = found[row.key if name == "key" else row.digest]
        if ranges and ranges[-1][1] == start:
            ranges[-1] = ranges[-1][0], end
        else:
            ranges.append((start, end))
    return {key: tuple(ranges) for key, ranges in found.items()}


def _shared(right: Tensor, found: Tensor) -> float:
    """Give the share of the right entries that were found, [S, k] both."""
    wanted = right >= 0
    return float(((right[:, :, None] == found[:, None, :]).any(-1) & wanted).sum() / wanted.sum())
