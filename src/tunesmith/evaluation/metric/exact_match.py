"""Exact match: the share of answers equal to the reference, after tidying."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.example import Example


@dataclass(frozen=True, kw_only=True)
class ExactMatch(Metric):
    """Share of answers that are the reference, apart from spacing and final punctuation (0 to 1)."""

    version = 1

    ignore_case: Annotated[bool, Field(description="Count capital and small letters as the same.")] = True

    def score(self, completion: Completion, example: Example) -> tuple[float, ...]:
        """Give (1 if equal else 0, 1)."""
        return float(self._tidy(completion.text) == self._tidy(example.reference)), 1.0

    def summarise(self, sums: Sequence[float]) -> float:
        """Divide the matches by the answers."""
        return sums[0] / sums[1]

    def _tidy(self, text: str) -> str:
        # One letter can be stored in two ways (é as one character or as two); NFC makes them one.
        text = " ".join(unicodedata.normalize("NFC", text).split()).rstrip(".!?\u2026\u3002 ")
        return text.casefold() if self.ignore_case else text
