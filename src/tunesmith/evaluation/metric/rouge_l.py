"""ROUGE-L: the longest common subsequence of words (Lin, 2004, https://aclanthology.org/W04-1013/)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.example import Example
from tunesmith.evaluation.metric._rouge import Words, f_measure


@dataclass(frozen=True, kw_only=True)
class RougeL(Metric):
    """Overlap with the reference by the longest sequence of words in common order (0 to 1)."""

    version = 1

    stemmer: Annotated[bool, Field(description="Count forms of an English word as the same.")] = False
    words: Annotated[
        Words, Field(description="ascii: as published, a-z and 0-9 only; unicode: any script.")
    ] = "ascii"

    def score(self, completion: Completion, example: Example) -> tuple[float, ...]:
        """Give (F-measure, 1)."""
        return f_measure("rougeL", self.words, self.stemmer, completion.text, example.reference), 1.0

    def summarise(self, sums: Sequence[float]) -> float:
        """Average the F-measures."""
        return sums[0] / sums[1]
