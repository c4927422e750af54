"""Perplexity: how surprised a model is by the reference answers (Jelinek et al., 1977).

Source: https://doi.org/10.1121/1.2016299. Comparable only between models that share a tokenizer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example

LARGEST_EXPONENT = 709.0


@dataclass(frozen=True, kw_only=True)
class Perplexity(Metric):
    """Surprise at the reference answers per token; 1 is none, lower is better."""

    version = 1
    needs = "likelihood"
    higher_is_better = False

    def score(self, completion: Completion, example: Example) -> tuple[float, ...]:
        """Give (nats, predicted tokens); raises BadData if no token was predicted."""
        if completion.predicted < 1:
            raise BadData(
                f"{example.place}: no token of the reference was predicted, so it has no perplexity. "
                "Measure the likelihood of the reference, not a generated answer, and leave out empty ones."
            )
        return completion.nats, float(completion.predicted)

    def summarise(self, sums: Sequence[float]) -> float:
        """Give the exponential of nats per token; infinite where that is too large for a float."""
        nats_per_token = sums[0] / sums[1]
        return math.exp(nats_per_token) if nats_per_token < LARGEST_EXPONENT else math.inf
