"""The nearest keys by squared distance, of all that there are, block by block.

A block's distances come from one product; those of the nearest keys are then computed anew, so that what is
near is not lost in what the product rounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

KEYS_AT_ONCE = 16384
STATES_AT_ONCE = 512
"""How many states are compared with a block at once: its distances take 32 MB then."""

NUMBERS_AT_ONCE = 2**18
"""How many numbers of the nearest keys are in hand at once, for their distances: what stays in cache."""

NUMBERS_ON_GPU = 2**26

WIDENED_BYTES = 2**30
"""Up to how many bytes keys are in memory as float32, as products on a CPU need them; else block by block."""

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Apart:
    """Which entries are no neighbours of which states: `groups` [S] names some of `ranges`, or none by -1."""

    groups: NDArray[Any]
    ranges: tuple[Ranges, ...] = ()

    @classmethod
    def nothing(cls, states: int) -> Apart:
        """Let every entry be a neighbour of each state."""
        import numpy as np

        return cls(np.full(states, -1))

    def part(self, some: slice) -> Apart:
        """Give what holds for some of the states."""
        return Apart(self.groups[some], self.ranges)

    def members(self) -> Iterator[tuple[NDArray[Any], Ranges]]:
        """Give the states that something is apart from, by their numbers, and the entries that are."""
        import numpy as np

        for group in np.unique(self.groups[self.groups >= 0]):
            yield np.flatnonzero(self.groups == group), self.ranges[group]


@dataclass(frozen=True)
class Exact:
    """Compares every state with every key; `norms` [N] are the squared lengths of `keys` [N, D].

    From the first question on, keys that are few are in memory, on a GPU all of them are there.
    """

    keys: NDArray[Any]
    norms: NDArray[Any]
    _there: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict[str, "tuple[Tensor, Tensor]"])

    def nearest(self, states: Tensor, most: int, apart: Apart) -> tuple[Tensor, Tensor]:
        """Give squared distances, and the entries whose keys are nearest, both [S, most].

        Where there are no more entries they are -1, and infinitely far.
        """
        import torch

        found = [states.new_zeros((0, most), dtype=torch.int64)]
        for start in range(0, len(states), STATES_AT_ONCE):
            some = slice(start, start + STATES_AT_ONCE)
            found.append(self._nearest(states[some].float(), most, apart.part(some)))
        who = torch.cat(found)
        return distances(self._held(states.device)[0], states, who), who

    def _nearest(self, states: Tensor, most: int, apart: Apart) -> Tensor:
        import torch

        best = states.new_full((len(states), most), torch.inf)
        who = torch.full_like(best, -1, dtype=torch.int64)
        members = list(apart.members())
        for start, keys, norms in self._blocks(states.device):
            scores = torch.addmm(norms, states, keys.T, alpha=-2)  # what is missing is the same for all keys
            for numbers, ranges in members:
                _leave_out(scores, numbers, ranges, start)
            near, place = scores.topk(min(most, len(keys)), largest=False)
            both, ids = torch.cat([best, near], 1), torch.cat([who, place + start], 1)
            best, order = both.topk(most, largest=False)
            who = ids.gather(1, order)
        return who.masked_fill(best.isinf(), -1)

    def _blocks(self, device: Any) -> Iterator[tuple[int, Tensor, Tensor]]:
        keys, norms = self._held(device)
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = slice(start, start + KEYS_AT_ONCE)
            yield start, keys[some].float(), norms[some]

    def _held(self, device: Any) -> tuple[Tensor, Tensor]:
        """Give keys and norms where they are compared: on a GPU as they are, widened where they are few."""
        import torch

        if str(device) not in self._there:
            keys, norms = torch.from_numpy(self.keys), torch.from_numpy(self.norms)
            if device.type == "cpu" and 4 * keys.numel() <= WIDENED_BYTES:
                keys = keys.float()
            self._there[str(device)] = keys.to(device), norms.to(device)
        return self._there[str(device)]


def distances(keys: Tensor, states: Tensor, who: Tensor) -> Tensor:
    """Give the squared distances of states [S, D] from some entries' keys, [S, k]; -1 is infinitely far."""
    import torch

    states = states.to(torch.promote_types(states.dtype, torch.float32))
    room = NUMBERS_ON_GPU if states.is_cuda else NUMBERS_AT_ONCE
    rows = max(1, room // max(1, who.shape[1] * keys.shape[-1]))
    found = [states.new_zeros((0, who.shape[1]))]
    for start in range(0, len(states), rows):
        some = slice(start, start + rows)
        picked = keys[who[some].clamp_min(0)].to(states)
        found.append(picked.sub_(states[some, None]).square_().sum(-1))
    return torch.cat(found).masked_fill(who < 0, torch.inf)


def _leave_out(scores: Tensor, numbers: NDArray[Any], ranges: Ranges, start: int) -> None:
    import torch

    rows = torch.from_numpy(numbers).to(scores.device)
    for first, end in ranges:
        one, other = max(first - start, 0), min(end - start, scores.shape[1])
        if one < other:
            scores[rows, one:other] = torch.inf
