"""Token F1: words shared by answer and reference (Rajpurkar et al., 2016, https://arxiv.org/abs/1606.05250)."""

import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.example import Example

ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True, kw_only=True)
class TokenF1(Metric):
    """Words shared with the reference, whatever their order, case and punctuation (0 to 1)."""

    version = 1

    ignore_articles: Annotated[bool, Field(description="Leave out a, an and the, as SQuAD does.")] = True

    def score(self, completion: Completion, example: Example) -> tuple[float, ...]:
        """Give (F1, 1); two texts without words agree fully, one without words not at all."""
        answer, reference = Counter(self._words(completion.text)), Counter(self._words(example.reference))
        if not answer or not reference:
            return float(answer == reference), 1.0
        return 2 * (answer & reference).total() / (answer.total() + reference.total()), 1.0

    def summarise(self, sums: Sequence[float]) -> float:
        """Average the F1 of the answers."""
        return sums[0] / sums[1]

    def _words(self, text: str) -> list[str]:
        words = "".join(letter for letter in text.lower() if not _is_punctuation(letter)).split()
        return [word for word in words if word not in ARTICLES] if self.ignore_articles else words


def _is_punctuation(letter: str) -> bool:
    # SQuAD's own script knows only ASCII punctuation; quotation marks of other languages are no words either.
    return letter in string.punctuation or unicodedata.category(letter).startswith("P")
