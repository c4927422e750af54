"""Which number type products are computed in: measured on this machine, never assumed.

Weights that learn, the optimizer's state, norms and the loss stay in float32 whatever is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal

import torch

WORTH_ROUNDING = 1.5
"""bfloat16 keeps 3 digits of a number; it is chosen only where it is this many times faster."""
SHAPES = {"cpu": (512, 1024, 1024), "cuda": (4096, 4096, 4096)}
"""Rows, inner size and columns of the product: large enough that no cache or launch limits it."""

Choice = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class Precision:
    """The chosen type, and the measured speed of each candidate in GFLOP/s."""

    compute: torch.dtype
    speeds: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """Give plain values for the run's record; `from_json` takes them back."""
        return {"compute": _name(self.compute), "speeds": self.speeds}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Precision:
        """Take back what was decided, so that a resumed run computes as it began, on any machine."""
        return cls(getattr(torch, values["compute"]), dict(values["speeds"]))

    def describe(self) -> str:
        """Say what was chosen and what was measured."""
        measured = ", ".join(f"{name} {speed:,.0f}" for name, speed in self.speeds.items())
        return f"products in {_name(self.compute)}" + (f" (GFLOP/s measured: {measured})" if measured else "")


def choose(choice: Choice, device: torch.device) -> Precision:
    """Take the named type, or measure a few products and take the faster (about 30 milliseconds)."""
    if choice != "auto":
        return Precision(getattr(torch, choice), {})
    speeds = {_name(dtype): gemm_speed(dtype, device) for dtype in (torch.float32, torch.bfloat16)}
    return Precision(decide(speeds), speeds)


def decide(speeds: Mapping[str, float]) -> torch.dtype:
    """Give bfloat16 where it is so much faster than float32 that the rounding is worth it."""
    is_worth_it = speeds["bfloat16"] >= WORTH_ROUNDING * speeds["float32"]
    return torch.bfloat16 if is_worth_it else torch.float32


def rounding(compute: torch.dtype) -> float:
    """Give the largest difference of a log-probability, in nats, that is rounding and no mistake."""
    return 0.25 if compute.itemsize < 4 else 2e-4  # 16 bits know 3 digits of a logit


def gemm_speed(dtype: torch.dtype, device: torch.device, repetitions: int = 5) -> float:
    """Give the best speed of a product in GFLOP/s."""
    rows, inner, columns = SHAPES[device.type]
    left = torch.ones(rows, inner, dtype=dtype, device=device)
    right = torch.ones(inner, columns, dtype=dtype, device=device)
    best = float("inf")
    for _ in range(repetitions + 1):  # the first one starts threads and fills caches
        started = perf_counter()
        product = left @ right
        if product.is_cuda:
            torch.cuda.synchronize()
        best = min(best, perf_counter() - started)
    return 2 * rows * inner * columns / best / 1e9


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
