"""Contamination: rows that are held out, and yet are learned.

A row counts as learned if a training row asks the same (apart from system turns, case and white space), says
nearly the same as a whole (MinHash: Broder, 1997, https://doi.org/10.1109/SEQUEN.1997.666900), or contains it
or its question (as for GPT-4: OpenAI, 2023, https://arxiv.org/abs/2303.08774; and for Llama 2: Touvron et
al., 2023, https://arxiv.org/abs/2307.09288). `tunesmith/data/similarity.py` and `containment.py` say exactly
how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material, Severity
from tunesmith.core.contracts import Check
from tunesmith.core.example import SPLITS, Example
from tunesmith.data.likeness import Contained, Similarity
from tunesmith.data.source._refused import excerpt
from tunesmith.data.wording import wording

if TYPE_CHECKING:
    from tunesmith.data.contamination import Leaks


@dataclass(frozen=True, kw_only=True)
class Contamination(Check):
    """Find validation, test and evaluation rows that training rows give away."""

    similarity: Similarity = 0.8
    contained: Contained = 0.95
    most: Annotated[
        float, Field(ge=0, le=1, description="Stop where a larger share of the test rows is given away.")
    ] = 0.01

    def look(self, material: Material) -> list[Finding]:
        """Stop for any row of an evaluation set, and for too many test rows; warn of all others."""
        from tunesmith.data.contamination import Limits, leaked
        from tunesmith.data.rows import Joined

        held = {f"{name} rows": material.rows.get(name, ()) for name in SPLITS[1:]}
        held |= {f"rows of {name}": rows for name, rows in material.held_against.items()}
        training = material.rows["train"]
        if not any(len(rows) for rows in held.values()):
            return []
        leaks = leaked(Joined(*held.values()), training, Limits(self.similarity, self.contained))
        borders = pairwise(accumulate(map(len, held.values()), initial=0))
        found = [
            self._finding(name, rows, training, leaks[start:end])
            for (name, rows), (start, end) in zip(held.items(), borders, strict=True)
        ]
        return sorted((f for f in found if f.rows), key=lambda finding: finding.severity != "stop")

    def _finding(
        self, name: str, rows: Sequence[Example], training: Sequence[Example], leaks: Leaks
    ) -> Finding:
        share = len(leaks.rows) / max(len(rows), 1)
        ways = leaks.ways()
        said = ", ".join(f"{number:,} {way}" for way, number in ways.items())
        return Finding(
            "contamination",
            self._severity(name, share),
            f"Training rows give {len(leaks.rows):,} of {len(rows):,} {name} ({share:.1%}) away: {said}. "
            "A score on them says little.",
            rows=len(leaks.rows),
            examples=_examples(rows, training, leaks),
            remedy=_REMEDIES.get(name, _DECONTAMINATE),
            chart=ways,
        )

    def _severity(self, name: str, share: float) -> Severity:
        is_mild = name == "validation rows" or (name == "test rows" and share <= self.most)
        return "warning" if is_mild else "stop"


def _examples(rows: Sequence[Example], training: Sequence[Example], leaks: Leaks) -> tuple[str, ...]:
    shown: list[str] = []
    for number in leaks.rows[:MOST_EXAMPLES].tolist():
        row, learned = rows[number], training[int(leaks.of[number])]
        shown.append(f"{row.name} and {learned.name}, {leaks.say(number)}: {excerpt(wording(row))}")
    return tuple(shown)


_DECONTAMINATE = "data.clean=[{name: decontaminate}] leaves those training rows out."
_SPLIT = (
    f"{_DECONTAMINATE} Where rows belong together, such as questions about one text, "
    "data.split={by: group, column: ...} keeps them on one side."
)
_REMEDIES = {f"{name} rows": _SPLIT for name in SPLITS[1:]}
