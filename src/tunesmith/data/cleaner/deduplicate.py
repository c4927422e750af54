"""Deduplicate: of rows that are the same, the first stays.

By `exact`, a row repeats all that an earlier one says, to the letter. By `prompt`, it asks what an earlier
one asks, apart from case and white space. By `near`, it says nearly the same as a whole (MinHash: Broder,
1997, https://doi.org/10.1109/SEQUEN.1997.666900). By `semantic`, its vector is nearly that of an earlier row
(SemDeDup: Abbas et al., 2023, https://arxiv.org/abs/2303.09540). `tunesmith/data/similarity.py` and
`vectors.py` say how rows are found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.errors import BadOption
from tunesmith.core.example import Cleaned, Example
from tunesmith.data.wording import prompt, whole, wording

if TYPE_CHECKING:
    from tunesmith.data.similarity import Copies

_REASONS = {
    "exact": "exact duplicate",
    "prompt": "repeated prompt",
    "near": "near duplicate",
    "semantic": "semantic duplicate",
}


@dataclass(frozen=True, kw_only=True)
class Deduplicate(Cleaner):
    """Keep the first of rows that are the same: to the letter, by prompt, nearly, or in meaning."""

    by: Annotated[Literal["exact", "prompt", "near", "semantic"], Field(description="What is compared.")] = (
        "exact"
    )
    similarity: Annotated[
        float | None,
        Field(ge=0.5, le=1, description="From where on rows are the same; unset: near 0.8, semantic 0.95."),
    ] = None

    def __post_init__(self) -> None:
        if self.similarity is not None and self.by in ("exact", "prompt"):
            raise BadOption(
                f"cleaner.deduplicate.similarity: by={self.by} knows only equal and unequal. "
                "Remove it, or use by=near or by=semantic."
            )

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Leave out every copy of an earlier row that stays; the detail names that row."""
        copies = self._copies(rows, given)
        is_graded = self.by in ("near", "semantic")
        for number, row in enumerate(rows):
            original = int(copies.of[number])
            if original < 0:
                yield Cleaned(row)
                continue
            degree = f" ({copies.degree[number]:.2f})" if is_graded else ""
            yield Cleaned(None, _REASONS[self.by], f"of {rows[original].name}{degree}")

    def _copies(self, rows: Sequence[Example], given: Given) -> Copies:
        from tunesmith.data import similarity, vectors

        if self.by == "near":
            return similarity.near_copies(map(wording, rows), self.similarity or 0.8)
        if self.by == "semantic":
            return vectors.near_copies(map(wording, rows), given.embed, self.similarity or 0.95)
        return similarity.equal(map(whole if self.by == "exact" else prompt, rows))
