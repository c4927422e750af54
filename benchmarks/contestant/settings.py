"""How contestants are set: as they come, or as somebody would tune them for the rows at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.case import Case
from tunesmith.core.cards import Encoded

TOKENS_PER_PASS = {"cpu": 4096, "cuda": 32768}
"""What a micro-batch of the tuned settings may hold, padding included."""
SHORTEST_PACK = 1024
DEFAULT_ROWS = 8


@dataclass(frozen=True)
class Ours:
    """Tunesmith as the recipe's defaults set it, or computing in a type that is named."""

    precision: Literal["auto", "float32"] = "auto"

    def describe(self) -> str:
        """Say what is not as it comes."""
        return f"precision {self.precision}"


@dataclass(frozen=True)
class Theirs:
    """TRL with SFTConfig's defaults but for these, and for the order of rows.

    `padded` takes rows in order, `grouped` those of one length together, `packed` joins them end to end.
    """

    precision: Literal["float32", "bfloat16"]
    layout: Literal["padded", "grouped", "packed"]
    checkpoints: bool = False

    def describe(self) -> str:
        """Say what is not as it comes."""
        return f"{self.precision}, {self.layout}, {'' if self.checkpoints else 'no '}checkpointing"

    def dtype(self, *, adapts: bool) -> str:
        """Say how weights are kept: tuned runs in bfloat16 keep what is frozen in it, defaults do not."""
        return "bfloat16" if adapts and self.precision == "bfloat16" and not self.checkpoints else "float32"

    def batching(self, case: Case) -> dict[str, Any]:
        """Give the options that decide which rows go through the network together."""
        if self.layout == "packed":
            size = pack_length(case.rows, case.rows_per_step)
            tokens = case.rows_per_step * sum(map(len, case.rows)) / len(case.rows)
            return {
                "packing": True,
                "max_length": size,
                "per_device_train_batch_size": 1,
                "gradient_accumulation_steps": max(1, round(tokens / size)),
                "train_sampling_strategy": "sequential",
            }
        rows = self._rows(case)
        return {
            "max_length": None,
            "per_device_train_batch_size": rows,
            "gradient_accumulation_steps": case.rows_per_step // rows,
            "train_sampling_strategy": "sequential" if self.layout == "padded" else "group_by_length",
        }

    def _rows(self, case: Case) -> int:
        if self.checkpoints:
            return min(DEFAULT_ROWS, case.rows_per_step)
        room = TOKENS_PER_PASS[case.device] // max(map(len, case.rows))
        fitting = (rows for rows in range(case.rows_per_step, 0, -1) if case.rows_per_step % rows == 0)
        return next((rows for rows in fitting if rows <= room), 1)


DEFAULTS = Theirs("bfloat16", "padded", checkpoints=True)
REFERENCES = (Ours("float32"), Theirs("float32", "padded"))
"""Both in float32 and on the same minibatches, so that losses and gradients can be compared."""
CANDIDATES = tuple(
    Theirs(precision, layout) for precision in ("float32", "bfloat16") for layout in ("packed", "grouped")
)
"""Among these the best is chosen, for each case by trial."""


def pack_length(rows: Sequence[Encoded], rows_per_step: int) -> int:
    """Choose the length of packs: about a step's tokens, at most 1,024, but no row is cut."""
    step = round(rows_per_step * sum(map(len, rows)) / len(rows))
    return max(*map(len, rows), min(SHORTEST_PACK, step))


Settings = Ours | Theirs
