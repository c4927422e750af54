"""Corrections: people have said often enough what an answer should have been."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tunesmith.core.contracts import Trigger
from tunesmith.core.service import Signal, Trace


@dataclass(frozen=True, kw_only=True)
class Corrections(Trigger):
    """Train again once enough answers were corrected."""

    minimum: Annotated[int, Field(ge=1, description="Corrected answers that are reason enough.")] = 20

    def judge(self, traces: Sequence[Trace]) -> Signal:
        """Count corrected answers; an answer that was confirmed word for word is none."""
        corrected = tuple(trace.id for trace in traces if trace.correction not in (None, trace.answer))
        found = f"{len(corrected)} of {len(traces)} answers were corrected"
        fires = len(corrected) >= self.minimum
        verdict = (
            f"at least {self.minimum} are reason to train again" if fires else f"{self.minimum} are needed"
        )
        return Signal("corrections", fires, f"{found}; {verdict}.", corrected)
