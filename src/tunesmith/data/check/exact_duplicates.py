"""Exact duplicates: rows that repeat an earlier row in all they say, or only its prompt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from tunesmith.core.audit import MOST_EXAMPLES, WORTH_A_WARNING, Finding, Material, Severity
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example
from tunesmith.data.findings import ON_PURPOSE
from tunesmith.data.source._refused import excerpt
from tunesmith.data.split import key_of
from tunesmith.data.wording import digest, prompt, question, whole, wording

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class ExactDuplicates(Check):
    """Find rows that repeat an earlier row to the letter, and rows that repeat an earlier prompt."""

    def look(self, material: Material) -> list[Finding]:
        """Count what repeats, in all splits together; in a prompt, case and white space do not count."""
        from tunesmith.data.digests import repeats
        from tunesmith.data.rows import Joined

        rows = Joined(*material.rows.values())
        sizes = {split: len(some) for split, some in material.rows.items()}
        same = _Repeated(rows, sizes, repeats(map(whole, rows)))
        found = [_rows_finding(same)]
        if material.kind != "text":
            asked = _Repeated(rows, sizes, repeats(map(prompt, rows)))
            to_the_letter = int((repeats(digest(key_of(row)) for row in rows) >= 0).sum())
            if asked.count > same.count:  # or the same rows would be named twice
                found.append(_prompts_finding(asked, to_the_letter, same.count))
        return [finding for finding in found if finding.rows]


@dataclass(frozen=True)
class _Repeated:
    """Which earlier row each row repeats, -1 where it repeats none; `sizes` are the splits, in order."""

    rows: Sequence[Example]
    sizes: Mapping[str, int]
    of: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many rows repeat an earlier one."""
        return int((self.of >= 0).sum())

    @property
    def severity(self) -> Severity:
        """A few among many are a note."""
        return "warning" if self.count >= WORTH_A_WARNING * len(self.rows) else "note"

    @property
    def by_split(self) -> dict[str, int]:
        """How many of them are in each split."""
        borders = pairwise(accumulate(self.sizes.values(), initial=0))
        return {
            split: int((self.of[start:end] >= 0).sum())
            for split, (start, end) in zip(self.sizes, borders, strict=True)
        }

    def say(self, what: str) -> str:
        """Say how many there are, and how many of them are trained on."""
        training = self.by_split.get("train", 0)
        return (
            f"Rows that repeat {what}: {self.count:,} of {len(self.rows):,}, {training:,} of them in training"
        )

    def examples(self, text: Callable[[Example], str]) -> tuple[str, ...]:
        """Show the first of them, with the row that they repeat."""
        first = (self.of >= 0).nonzero()[0][:MOST_EXAMPLES].tolist()
        pairs = [(self.rows[number], self.rows[int(self.of[number])]) for number in first]
        return tuple(f"{row.name} repeats {earlier.name}: {excerpt(text(row))}" for row, earlier in pairs)


def _rows_finding(same: _Repeated) -> Finding:
    return Finding(
        "exact_duplicates",
        same.severity,
        f"{same.say('an earlier row in all they say')}.",
        rows=same.count,
        examples=same.examples(wording),
        remedy="data.clean=[{name: deduplicate}] keeps the first of them.",
        chart=same.by_split,
    )


def _prompts_finding(asked: _Repeated, to_the_letter: int, same: int) -> Finding:
    prompts = len(set(asked.of[asked.of >= 0].tolist()))
    on_purpose = not same and asked.count >= ON_PURPOSE * len(asked.rows)
    return Finding(
        "exact_duplicates",
        "note" if on_purpose else asked.severity,
        f"{asked.say('the prompt of an earlier row')}; {to_the_letter:,} to the letter, "
        f"{asked.count - to_the_letter:,} apart from case and white space. Prompts that are asked more than "
        f"once: {prompts:,}. Rows that repeat the answer as well: {same:,}."
        + (" So many different answers look wanted." if on_purpose else ""),
        rows=asked.count,
        examples=asked.examples(question),
        remedy="data.clean=[{name: deduplicate, by: prompt}] keeps the first answer. Several may be wanted.",
        chart=asked.by_split,
    )
