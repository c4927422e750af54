"""Balance: rare labels are shown more often, frequent ones less, or they are given other weights.

Between rows as they are and rows that are even, a power of their numbers chooses, as for the languages of XLM
(Conneau and Lample, 2019, https://arxiv.org/abs/1901.07291).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.errors import BadData
from tunesmith.core.example import Cleaned, Example
from tunesmith.data.classes import By, check

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tunesmith.data.cleaner._sorted import Sorted


@dataclass(frozen=True, kw_only=True)
class Balance(Cleaner):
    """Even out how often training shows each label: repeat rare ones, cap frequent ones, or weight both.

    A row with several labels is treated as its rarest one. Rows without a label stay as they are. Validation
    and test rows are left as they came: they show what the model will meet.
    """

    after_split = True

    how: Annotated[
        Literal["repeat", "cap", "weight"],
        Field(
            description="Show rows of rare labels more often, drop rows of frequent ones, or weight answers."
        ),
    ] = "repeat"
    power: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="What remains of the differences: 0 none, 0.5 the square root of numbers, 1 all.",
        ),
    ] = 0.0
    most: Annotated[
        float, Field(ge=1, description="A label counts at most so many times more, or less, than before.")
    ] = 10.0
    by: Annotated[By, Field(description="What is evened out.")] = "label"
    column: Annotated[
        str | None, Field(min_length=1, description="By column: one that nothing is learned from.")
    ] = None

    def __post_init__(self) -> None:
        check("cleaner.balance", self.by, self.column)

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Change how often or how strongly every row is learned, or leave it out."""
        from tunesmith.data.cleaner._sorted import Sorted

        classes = Sorted(rows, self.by, self.column, "balance")
        factors = self._factors(classes.counts)
        return (
            self._capped(rows, classes, factors)
            if self.how == "cap"
            else self._scaled(rows, classes, factors)
        )

    def _factors(self, counts: NDArray[np.int64]) -> list[float]:
        """Say how many times more each class should count; the most frequent, or the rarest, as before."""
        rarity = counts ** (self.power - 1.0)
        if self.how == "weight":  # all rows together count as before
            level = (counts * rarity).sum() / max(counts.sum(), 1)
        else:
            level = rarity.min(initial=1.0) if self.how == "repeat" else rarity.max(initial=0.0)
        return (rarity / level).clip(1 / self.most, self.most).tolist()

    def _capped(
        self, rows: Sequence[Example], classes: Sorted, factors: Sequence[float]
    ) -> Iterator[Cleaned]:
        counts = classes.counts.tolist()
        most = [round(number * factor) for number, factor in zip(counts, factors, strict=True)]
        for row, own, stays in zip(rows, classes, classes.chosen(most).tolist(), strict=True):
            detail = ", ".join(classes.names[name] for name in own)
            yield (
                Cleaned(row)
                if stays
                else Cleaned(None, f"too many of the same {self.column or self.by}", detail)
            )

    def _scaled(
        self, rows: Sequence[Example], classes: Sorted, factors: Sequence[float]
    ) -> Iterator[Cleaned]:
        for row, own in zip(rows, classes, strict=True):
            name = max(own, key=lambda name: factors[name], default=None)
            factor = 1.0 if name is None else factors[name]
            if name is None or factor == 1:
                yield Cleaned(row)
                continue
            detail = f"times {factor:.2f}: {classes.names[name]}"
            if self.how == "repeat":
                yield Cleaned(replace(row, times=row.times * factor), "shown more often", detail)
            else:
                yield Cleaned(_weighted(row, factor), "given another weight", detail)


def _weighted(row: Example, factor: float) -> Example:
    if not any(turn.role == "assistant" for turn in row.messages):
        raise BadData(
            f"{row.name}: data.clean.balance with how=weight weights answers, and this row has none. "
            "Use how=repeat."
        )
    turns = (
        replace(turn, weight=turn.weight * factor) if turn.role == "assistant" else turn
        for turn in row.messages
    )
    return replace(row, messages=tuple(turns))
