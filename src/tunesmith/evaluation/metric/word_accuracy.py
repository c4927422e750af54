"""Word accuracy: the share of words that are given the right tag."""

from collections.abc import Sequence
from dataclasses import dataclass

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.example import Example
from tunesmith.core.tagged import Tagged


@dataclass(frozen=True, kw_only=True)
class WordAccuracy(Metric):
    """Share of words that are given the right tag, over all rows together (0 to 1)."""

    version = 1

    def score(self, completion: Completion, example: Example) -> tuple[float, ...]:
        """Give (words tagged rightly, words); words without an answer, or with other words, are wrong."""
        wanted, said = Tagged.read(example.reference), Tagged.read(completion.text)
        if wanted is None:
            return 0.0, 0.0
        if said is None or said.words != wanted.words[: len(said.words)]:
            return 0.0, float(len(wanted.words))
        right = sum(one == other for one, other in zip(said.tags, wanted.tags, strict=False))
        return float(right), float(len(wanted.words))

    def summarise(self, sums: Sequence[float]) -> float:
        """Divide the words tagged rightly by all words; 0 where there are none."""
        return sums[0] / sums[1] if sums[1] else 0.0
