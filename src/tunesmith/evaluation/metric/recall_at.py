"""Recall at k: how often the right text is among the first k of all that were to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.example import Example
from tunesmith.evaluation.metric._rank import rank_in


@dataclass(frozen=True, kw_only=True)
class RecallAt(Metric):
    """Share of texts for which the right one comes first of all, or among the first k (0 to 1)."""

    version = 1

    k: Annotated[int, Field(ge=1, description="Up to which place a text counts as found.")] = 1

    def score(self, completion: Completion, example: Example) -> tuple[float, ...]:
        """Give (1 if found else 0, 1); an answer that is no place finds nothing."""
        rank = rank_in(completion.text)
        return float(rank is not None and rank <= self.k), 1.0

    def summarise(self, sums: Sequence[float]) -> float:
        """Divide what was found by what was sought."""
        return sums[0] / sums[1]
