"""Early stopping: remember the best validation, and stop when there was no better one for a while."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from tunesmith.core.cards import Validation


@dataclass(frozen=True)
class Patience:
    """What early stopping knows; part of every checkpoint, so a resumed run stops where it would have."""

    limit: int | None
    best_loss: float | None = None
    best_step: int | None = None
    without_gain: int = 0

    def observe(self, validation: Validation) -> Patience:
        """Take note of one validation; only a strictly lower loss is a gain, so NaN never is."""
        if validation.loss < (math.inf if self.best_loss is None else self.best_loss):
            return replace(self, best_loss=validation.loss, best_step=validation.step, without_gain=0)
        return replace(self, without_gain=self.without_gain + 1)

    @property
    def is_exhausted(self) -> bool:
        """Is it time to stop?"""
        return self.limit is not None and self.without_gain >= self.limit

    def to_json(self) -> dict[str, Any]:
        """Give plain values for a checkpoint; `Patience(**values)` takes them back."""
        return asdict(self)
