"""Workloads: rows of random ids whose lengths, masks and beginnings are those of a kind of data."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tunesmith.core.cards import Encoded, Plan

PAD = 0
"""The id that rows never contain."""


@dataclass(frozen=True)
class Workload:
    """One kind of data: `draw` gives the lengths of a row's masked beginning and of its wanted end."""

    name: str
    sentence: str
    draw: Callable[[random.Random], tuple[int, int]]
    shared: int = 0
    epochs: int = 1

    def rows(self, count: int, vocabulary: int) -> list[Encoded]:
        """Give the first rows of the workload: always the same ones."""
        chance = random.Random(0)
        shared = [chance.randrange(PAD + 1, vocabulary) for _ in range(self.shared)]
        rows = []
        for number in range(count):
            masked, wanted = self.draw(chance)
            own = [chance.randrange(PAD + 1, vocabulary) for _ in range(masked + wanted)]
            weights = [0.0] * (len(shared) + masked) + [1.0] * wanted
            rows.append(Encoded(array("i", shared + own), array("f", weights), f"row {number + 1}"))
        return rows


def minibatches(rows: Sequence[Encoded], rows_per_step: int, epochs: int) -> list[Plan]:
    """Give the rows of every step, in order and not shuffled, so that all contestants take the same steps."""
    starts = range(0, len(rows), rows_per_step)
    found = [
        (epoch, rows[start : start + rows_per_step]) for epoch in range(1, epochs + 1) for start in starts
    ]
    return [Plan(step, epoch, tuple(group)) for step, (epoch, group) in enumerate(found, 1)]


def _around(chance: random.Random, median: float, sigma: float, most: int) -> int:
    """Draw a length as texts have them: log-normal."""
    return min(most, max(4, round(chance.lognormvariate(math.log(median), sigma))))


def _short(chance: random.Random) -> tuple[int, int]:
    length = _around(chance, median=110, sigma=0.7, most=1024)
    wanted = max(1, round(length * chance.uniform(0.25, 0.35)))
    return length - wanted, wanted


def _chat(chance: random.Random) -> tuple[int, int]:
    return _around(chance, median=60, sigma=0.6, most=512), _around(chance, median=80, sigma=0.6, most=512)


def _long(chance: random.Random) -> tuple[int, int]:
    return 1, chance.randint(1023, 2047)


def _tiny(chance: random.Random) -> tuple[int, int]:
    return chance.randint(4, 40), chance.randint(2, 20)


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("short", "Short answers: about 110 tokens a row, 25 to 35 % of them wanted.", _short),
        Workload("chat", "Conversations that all begin with the same 150 tokens.", _chat, shared=150),
        Workload("long", "Raw documents of 1,024 to 2,048 tokens, every token wanted.", _long),
        Workload("again", "Short answers, each read in five epochs.", _short, epochs=5),
        Workload("quick", "Rows of 6 to 60 tokens, to see that the benchmark works.", _tiny, shared=40),
    )
}
