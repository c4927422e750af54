"""Decontaminate: training rows that give held-out rows away are left out.

A training row gives a held-out row away if it asks the same (apart from system turns, case and white space),
says nearly the same as a whole (MinHash: Broder, 1997, https://doi.org/10.1109/SEQUEN.1997.666900), or
contains it or its question (as for GPT-4: OpenAI, 2023, https://arxiv.org/abs/2303.08774). Held out are
validation, test and evaluation sets. `tunesmith/data/similarity.py` and `containment.py` say exactly how.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.example import Cleaned, Example
from tunesmith.data.likeness import Contained, Similarity


@dataclass(frozen=True, kw_only=True)
class Decontaminate(Cleaner):
    """Leave out training rows that ask, nearly say, or contain what a held-out row does."""

    after_split = True

    similarity: Similarity = 0.8
    contained: Contained = 0.95

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Leave out what is held out; the detail names the held-out row."""
        from tunesmith.data.contamination import Limits, leaking

        if not len(given.held_out):
            yield from map(Cleaned, rows)
            return
        leaks = leaking(rows, given.held_out, Limits(self.similarity, self.contained))
        for number, row in enumerate(rows):
            held_out = int(leaks.of[number])
            if held_out < 0:
                yield Cleaned(row)
            else:
                detail = f"{given.held_out[held_out].name}: {leaks.say(number)}"
                yield Cleaned(None, "gives a held-out row away", detail)
