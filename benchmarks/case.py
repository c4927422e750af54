"""The cases: which workload is trained on which shape, what of it changes, and for how many steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from benchmarks.change import CHANGES, Change
from benchmarks.shape import SHAPES, Shape
from benchmarks.workload import WORKLOADS, Workload, minibatches
from tunesmith.core.cards import Encoded, Plan


@dataclass(frozen=True)
class Case:
    """One comparison by names; `steps` are those of one epoch. The first of all is only a warm-up."""

    workload: str
    shape: str
    change: str
    steps: int
    rows_per_step: int = 8
    device: str = "cpu"

    @property
    def name(self) -> str:
        """What the case is called in tables."""
        return f"{self.workload}, {self.shape}, {self.change}"

    @property
    def of(self) -> tuple[Workload, Shape, Change]:
        """The workload, the shape and the change that the names stand for."""
        return WORKLOADS[self.workload], SHAPES[self.shape], CHANGES[self.change]

    @cached_property
    def rows(self) -> list[Encoded]:
        """The rows that every contestant trains on."""
        workload, shape, _ = self.of
        return workload.rows(self.steps * self.rows_per_step, shape.vocabulary)

    @property
    def plans(self) -> list[Plan]:
        """The minibatches of all epochs."""
        return minibatches(self.rows, self.rows_per_step, self.of[0].epochs)

    def shortened(self, steps: int) -> Case:
        """Give the same case with fewer steps in all epochs together, but at least one in each."""
        return replace(self, steps=min(max(1, steps // self.of[0].epochs), self.steps))


TABLE = (
    Case("short", "15m", "lora", steps=16),
    Case("short", "15m", "full", steps=16),
    Case("short", "135m", "lora", steps=6),
    Case("chat", "135m", "lora", steps=4),
    Case("again", "deep", "top-4", steps=4),
    Case("again", "deep", "head", steps=4),
    Case("short", "gpt2", "lora", steps=16),
    Case("short", "gpt2", "full", steps=16),
    Case("long", "15m", "lora", steps=3),
)
"""What the page of the documents shows."""

OTHERS = (
    Case("short", "135m", "full", steps=6),
    Case("chat", "15m", "lora", steps=8),
    Case("long", "15m", "full", steps=3),
    Case("long", "135m", "lora", steps=2, rows_per_step=4),
)

ON_A_GPU = tuple(
    Case(workload, shape, change, steps=steps, rows_per_step=32, device="cuda")
    for workload, shape, change, steps in (
        ("short", "1b", "lora", 24),
        ("short", "8b", "lora", 12),
        ("chat", "1b", "lora", 16),
        ("chat", "8b", "lora", 8),
        ("long", "1b", "lora", 8),
        ("long", "8b", "lora", 4),
        ("again", "1b", "top-4", 6),
    )
)

QUICK = Case("quick", "nano", "lora", steps=3, rows_per_step=4)


def choose(
    *, has_gpu: bool, everything: bool = False, workload: str | None = None, shape: str | None = None
) -> Sequence[Case]:
    """Give the cases of the table, or all there are, or those of all that bear the names."""
    if not (everything or workload or shape):
        return ON_A_GPU if has_gpu else TABLE
    known = (*TABLE, *OTHERS, *(ON_A_GPU if has_gpu else ()))
    return [case for case in known if workload in (None, case.workload) and shape in (None, case.shape)]
