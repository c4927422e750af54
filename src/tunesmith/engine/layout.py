"""How the tokens of a pass are parted into segments, as attention needs it on a CPU and on a GPU."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby

import torch
from torch import Tensor

from tunesmith.engine.forest import Segment


@dataclass(frozen=True)
class Fold:
    """Segments of one length with nothing before them, side by side: a batch; or one segment with a path."""

    start: int
    length: int
    count: int
    before: tuple[tuple[int, int], ...] = ()

    @property
    def end(self) -> int:
        """Where in the layout the last segment ends."""
        return self.start + self.length * self.count

    @property
    def depth(self) -> int:
        """How many tokens come before the segment."""
        return sum(end - start for start, end in self.before)


@dataclass
class Layout:
    """How the tokens of a pass are parted into segments, and whether any attention has looked at it.

    `is_causal`: a token sees only what comes before it in its row.
    """

    segments: tuple[Segment, ...]
    is_causal: bool = True
    is_read: bool = False
    rows: Rows | None = None

    @cached_property
    def folds(self) -> tuple[Fold, ...]:
        """The segments, neighbours of one length folded into a batch."""
        runs = groupby(self.segments, key=lambda s: ("branch", s.start) if s.before else ("root", len(s)))
        found = [list(run) for _, run in runs]
        return tuple(Fold(run[0].start, len(run[0]), len(run), run[0].before) for run in found)

    @cached_property
    def has_branches(self) -> bool:
        """Does any segment go on from another?"""
        return any(segment.before for segment in self.segments)

    @cached_property
    def longest(self) -> int:
        """The longest path of a token, itself included."""
        return max(segment.depth + len(segment) for segment in self.segments)

    def mask(self, fold: Fold, dtype: torch.dtype) -> Tensor | None:
        """Say what a branch may see, as scores to add, made once per pass; a root is causal by itself."""
        if not fold.before:
            return None
        if fold.start not in self._masks:
            hidden = torch.full((fold.length, fold.depth + fold.length), float("-inf"), dtype=dtype)
            self._masks[fold.start] = hidden.triu(fold.depth + 1)
        return self._masks[fold.start]

    @cached_property
    def _masks(self) -> dict[int, Tensor]:
        return {}

    def on(self, device: torch.device) -> Rows:
        """Describe the segments as the GPU's kernel wants it; made once per pass."""
        if self.rows is None:
            self.rows = Rows.of(self, device)
        return self.rows


@dataclass(frozen=True)
class Rows:
    """Where segments start among queries and keys, and which tokens are the keys, if not all in order."""

    starts_q: Tensor
    starts_k: Tensor
    longest_q: int
    longest_k: int
    path: Tensor | None

    @classmethod
    def of(cls, layout: Layout, device: torch.device) -> Rows:
        """Work them out for a layout."""
        own = [len(segment) for segment in layout.segments]
        seen = [segment.depth + len(segment) for segment in layout.segments]
        path = None
        if layout.has_branches:
            slices = [piece for s in layout.segments for piece in (*s.before, (s.start, s.end))]
            path = torch.cat([torch.arange(start, end) for start, end in slices]).to(device)
        starts = [
            torch.tensor([0, *accumulate(sizes)], dtype=torch.int32).to(device) for sizes in (own, seen)
        ]
        return cls(starts[0], starts[1], max(own), max(seen), path)
