"""Mean reciprocal rank of the right text among all that were to choose from (Voorhees, 1999).

Source: https://trec.nist.gov/pubs/trec8/papers/qa_report.pdf, section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.example import Example
from tunesmith.evaluation.metric._rank import rank_in


@dataclass(frozen=True, kw_only=True)
class ReciprocalRank(Metric):
    """One over the place of the right text, averaged: 1 where it always comes first (0 to 1)."""

    version = 1

    def score(self, completion: Completion, example: Example) -> tuple[float, ...]:
        """Give (1 / place, 1); an answer that is no place gives 0."""
        rank = rank_in(completion.text)
        return (1 / rank if rank else 0.0), 1.0

    def summarise(self, sums: Sequence[float]) -> float:
        """Average over the texts that ask."""
        return sums[0] / sums[1]
