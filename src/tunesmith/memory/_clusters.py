"""The nearest keys among those of a few clusters, by faiss: much faster, and nearly all of the nearest.

Keys are put into clusters, and what a key adds to its cluster's centre is kept in a few bytes (inverted file
with product quantisation: Jégou et al., 2011, https://ieeexplore.ieee.org/document/5432202). More candidates
are fetched than are wanted: their distances are then computed from the keys themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.core.errors import MissingExtra
from tunesmith.memory._search import Apart, Ranges, distances

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

INDEX = "index.faiss"
FEWEST = 10_000
"""From how many keys on clusters are worth having; fewer are found as fast by comparing all."""

CANDIDATES = 2
"""How many candidates are fetched for every neighbour that is wanted."""

SAMPLE = 40
"""Keys per cluster from which its centre is found."""

MOST_CODES = 64
"""The most bytes that stand for a key."""

KEYS_AT_ONCE = 65536


@dataclass(frozen=True)
class Clustered:
    """Compares a state with the keys of the clusters that are nearest to it, as many as `probes` says."""

    keys: NDArray[Any]
    index: Any
    probes: int

    @classmethod
    def read(cls, keys: NDArray[Any], path: Path, probes: int) -> Clustered:
        """Read an index whose file was verified."""
        return cls(keys, _faiss().read_index(str(path)), probes)

    def nearest(self, states: Tensor, most: int, apart: Apart) -> tuple[Tensor, Tensor]:
        """Give squared distances, and the nearest entries that were found, both [S, most].

        Where no more were found they are -1, and infinitely far.
        """
        import numpy as np
        import torch

        asked = np.ascontiguousarray(states.float().cpu().numpy())
        found = np.full((len(asked), CANDIDATES * most), -1)
        free = np.flatnonzero(apart.groups < 0)
        for numbers, ranges in [(free, ()), *apart.members()]:
            if len(numbers):
                options = self._options(ranges)
                _, found[numbers] = self.index.search(asked[numbers], found.shape[1], params=options)
        who = torch.from_numpy(found)
        squared = distances(torch.from_numpy(self.keys), torch.from_numpy(asked), who)
        near, order = squared.topk(most, largest=False)
        return near.to(states.device), who.gather(1, order).to(states.device)

    def _options(self, ranges: Ranges) -> Any:
        import numpy as np

        faiss = _faiss()
        if not ranges:
            return faiss.SearchParametersIVF(nprobe=self.probes)
        own = np.concatenate([np.arange(*each) for each in ranges])
        selector = faiss.IDSelectorNot(faiss.IDSelectorBatch(own))
        return faiss.SearchParametersIVF(nprobe=self.probes, sel=selector)


def build(keys: NDArray[Any], path: Path) -> None:
    """Write an index of the keys [N, D]; the same keys give the same index."""
    import numpy as np

    faiss = _faiss()
    count, width = keys.shape
    clusters = 2 ** round(np.log2(count**0.5))
    codes = max(size for size in range(1, MOST_CODES + 1) if width % size == 0)
    index = faiss.IndexIVFPQ(faiss.IndexFlatL2(width), width, clusters, codes, 8)
    sample = np.linspace(0, count - 1, min(count, SAMPLE * max(clusters, 256)), dtype=np.int64)
    index.cp.min_points_per_centroid = 1  # or it talks to the terminal
    index.train(keys[sample].astype(np.float32))
    for start in range(0, count, KEYS_AT_ONCE):
        index.add(keys[start : start + KEYS_AT_ONCE].astype(np.float32))
    faiss.write_index(index, str(path))


def _faiss() -> Any:
    try:
        import faiss
    except ImportError:
        raise MissingExtra("memory.neighbours.index: faiss", "memory") from None
    return faiss
