"""The runs of tokens that are learned."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from tunesmith.core.cards import Encoded


@dataclass(frozen=True, slots=True)
class Span:
    """A run of learned tokens."""

    sequence: Encoded
    start: int
    end: int

    @property
    def ids(self) -> array[int]:
        """The learned ids."""
        return self.sequence.ids[self.start : self.end]

    @property
    def is_cut(self) -> bool:
        """Was something cut off right behind it?"""
        return bool(self.sequence.lost) and self.end == len(self.sequence)

    def parted(self, ends: Collection[int]) -> Iterator[Span]:
        """Part a run behind each of these ids."""
        start = self.start
        for place in range(self.start, self.end):
            if self.sequence.ids[place] in ends or place == self.end - 1:
                yield Span(self.sequence, start, place + 1)
                start = place + 1


def spans_of(sequence: Encoded) -> list[Span]:
    """Find the runs of learned tokens, in order."""
    learned = (np.frombuffer(sequence.weights, np.float32) != 0).tobytes()
    spans: list[Span] = []
    start = learned.find(1)
    while start >= 0:
        end = learned.find(0, start)
        end = len(learned) if end < 0 else end
        spans.append(Span(sequence, start, end))
        start = learned.find(1, end)
    return spans
