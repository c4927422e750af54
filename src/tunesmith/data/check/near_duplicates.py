"""Near duplicates: training rows that say nearly the same as an earlier one.

How they are found is said in `tunesmith/data/similarity.py` (MinHash: Broder, 1997,
https://doi.org/10.1109/SEQUEN.1997.666900).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunesmith.core.audit import MOST_EXAMPLES, WORTH_A_WARNING, Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example
from tunesmith.data.likeness import Similarity
from tunesmith.data.source._refused import excerpt
from tunesmith.data.wording import whole, wording

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tunesmith.data.similarity import Copies


@dataclass(frozen=True, kw_only=True)
class NearDuplicates(Check):
    """Find training rows that say nearly the same as an earlier training row."""

    similarity: Similarity = 0.8

    def look(self, material: Material) -> list[Finding]:
        """Count near copies, without those to the letter, and without rows that were made from others."""
        from tunesmith.data.digests import repeats
        from tunesmith.data.similarity import near_copies

        rows = material.rows["train"]
        numbers = [number for number, row in enumerate(rows) if not row.made_by]
        copies = near_copies((wording(row) for row in rows if not row.made_by), self.similarity)
        exact = repeats(whole(row) for row in rows if not row.made_by) >= 0
        found = ((copies.of >= 0) & ~exact).nonzero()[0]
        if not len(found):
            return []
        groups = Counter(copies.of[copies.of >= 0].tolist())
        return [
            Finding(
                "near_duplicates",
                "warning" if len(found) >= WORTH_A_WARNING * len(numbers) else "note",
                "Training rows that say nearly the same as an earlier one (similarity "
                f"{self.similarity:g} or more): {_share(len(found), len(numbers))}. {int(exact.sum()):,} "
                f"more repeat one to the letter. The largest group has {max(groups.values()) + 1:,} rows.",
                rows=len(found),
                examples=_examples(rows, numbers, copies, found),
                remedy="data.clean=[{name: deduplicate, by: near}] keeps the first of each group.",
                chart=_by_similarity(copies.degree[found]),
            )
        ]


def _share(found: int, rows: int) -> str:
    return f"{found:,} of {rows:,} ({found / rows:.1%})"


def _examples(
    rows: Sequence[Example], numbers: Sequence[int], copies: Copies, found: NDArray[np.int64]
) -> tuple[str, ...]:
    """Show some from the least to the most similar, so that one sees whether the limit is right."""
    ordered = found[copies.degree[found].argsort(kind="stable")]
    step = max(1, len(ordered) // MOST_EXAMPLES)
    shown: list[str] = []
    for number in ordered[::step][:MOST_EXAMPLES].tolist():
        row, earlier = rows[numbers[number]], rows[numbers[int(copies.of[number])]]
        degree = f"{copies.degree[number]:.2f}"
        shown.append(f"{row.name} is like {earlier.name} ({degree}): {excerpt(wording(row))}")
    return tuple(shown)


def _by_similarity(degrees: NDArray[np.float64]) -> dict[str, float]:
    """Count rows by similarity, in steps of a twentieth."""
    counts = Counter(min(int(degree * 20), 19) for degree in degrees.tolist())
    return {f"{step / 20:.2f} to {(step + 1) / 20:.2f}": counts[step] for step in sorted(counts)}
