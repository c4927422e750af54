"""What every contestant gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.floor import Ran, Repeated

LEARNING_RATE = 1e-4
"""The same for all, so that losses can be compared."""


@dataclass(frozen=True)
class Trained:
    """The steps that were taken: when each ended (seconds of one clock), its tokens, loss and gradient norm.

    `ran` and `repeated` say what all of them together put through the network, computing in `dtype`.
    """

    ends: Sequence[float]
    tokens: Sequence[int]
    losses: Sequence[float]
    gradient_norms: Sequence[float]
    ran: Ran
    repeated: Repeated
    dtype: str
    notes: Sequence[str] = ()
