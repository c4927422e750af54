"""Cap: no label, answer or value of a column has more than a number of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.example import Cleaned, Example
from tunesmith.data.classes import By, check


@dataclass(frozen=True, kw_only=True)
class Cap(Cleaner):
    """Keep at most a number of rows for each label, each answer, or each value of a column.

    What a row says decides which are kept, not where it stands, so nearly the same are kept when data grows.
    A row with several labels is kept if none of them has its number yet. Rows without a label or value are
    kept.
    """

    rows: Annotated[int, Field(ge=1, description="How many rows are kept of each.")] = 1000
    by: Annotated[By, Field(description="What rows are counted by.")] = "label"
    column: Annotated[
        str | None, Field(min_length=1, description="By column: one that nothing is learned from.")
    ] = None

    def __post_init__(self) -> None:
        check("cleaner.cap", self.by, self.column)

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Leave out what is too much."""
        from tunesmith.data.cleaner._sorted import Sorted

        classes = Sorted(rows, self.by, self.column, "cap")
        chosen = classes.chosen([self.rows] * len(classes.names))
        reason = f"more than {self.rows:,} of the same {self.column or self.by}"
        for row, own, stays in zip(rows, classes, chosen.tolist(), strict=True):
            detail = ", ".join(classes.names[name] for name in own)
            yield Cleaned(row) if stays else Cleaned(None, reason, detail)
