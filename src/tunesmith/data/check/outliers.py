"""Outliers: rows that are worded unlike all others, or are far longer or shorter.

What surprises who has read all other rows is measured (`_surprise.py`), not the distance to the nearest of
them: of garbage that comes in tens, each row has near neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example, Kind
from tunesmith.data.findings import excluding, numbered
from tunesmith.data.source._refused import excerpt
from tunesmith.data.wording import question

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_ROWS = 50
"""Of fewer rows none is unlike all others."""

Part = Callable[[Example], str]


@dataclass(frozen=True, kw_only=True)
class Outliers(Check):
    """Find rows worded unlike all others, such as noise, markup or another language, and odd lengths."""

    strange: Annotated[
        float, Field(gt=0, description="Robust standard deviations from which on a row is noted.")
    ] = 6.0
    garbage: Annotated[
        float, Field(gt=0, description="Robust standard deviations of wording from which on is warned.")
    ] = 12.0

    def look(self, material: Material) -> list[Finding]:
        """Compare prompts with prompts and answers with answers, in all splits together."""
        from tunesmith.data.rows import Joined

        rows, parts = Joined(*material.rows.values()), _parts(material.kind)
        if len(rows) < LEAST_ROWS:
            return []
        from tunesmith.data.check._surprise import strangeness

        wording, size = strangeness(
            lambda: (part(row) for row in rows for part in parts.values()), len(parts)
        )
        worded = _Odd(rows, parts, wording, (wording >= self.strange).nonzero()[0])
        sized = _Odd(rows, parts, size, (abs(size) >= self.strange).nonzero()[0])
        return [*_worded(worded, self.garbage), *_sized(sized)]


def _parts(kind: Kind) -> dict[str, Part]:
    """Say what of a row is looked at, by name; a label is not read as text."""
    if kind == "text":
        return {"text": lambda row: row.text}
    if kind in ("labels", "prompts"):
        return {"prompt": question}
    return {"prompt": question, "answer": lambda row: row.reference}


@dataclass(frozen=True)
class _Odd:
    """Texts that are far out, `places` among the parts of all rows, and how far every text is out."""

    all_rows: Sequence[Example]
    parts: Mapping[str, Part]
    far: NDArray[np.float64]
    places: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """How many rows they are part of."""
        return self.rows_from(-math.inf)

    def rows_from(self, least: float) -> int:
        """Count the rows that have such a text at least so far out."""
        return len(set((self.places[self.far[self.places] >= least] // len(self.parts)).tolist()))

    def farthest(self) -> Iterator[Example]:
        """Give the rows of the farthest texts, the farthest first."""
        order = (-abs(self.far[self.places])).argsort(kind="stable")[:MOST_EXAMPLES]
        return (self.all_rows[place // len(self.parts)] for place in self.places[order].tolist())

    def examples(self) -> tuple[str, ...]:
        """Show the farthest."""
        order = (-abs(self.far[self.places])).argsort(kind="stable")[:MOST_EXAMPLES]
        return tuple(map(self._shown, self.places[order].tolist()))

    def _shown(self, place: int) -> str:
        number, part = divmod(place, len(self.parts))
        row, name = self.all_rows[number], list(self.parts)[part]
        text = self.parts[name](row)
        return f"{row.name}: {name} ({self.far[place]:+.1f}, {len(text):,} characters): {excerpt(text)}"


def _worded(odd: _Odd, garbage: float) -> Iterator[Finding]:
    if not odd.rows:
        return
    far = odd.rows_from(garbage)
    yield Finding(
        "outliers",
        "warning" if far else "note",
        f"{numbered(odd.rows, 'row is', 'rows are')} worded unlike all others, {far:,} of them as far out as "
        "noise, markup or another language. The farthest are shown, with how many robust standard "
        "deviations they are away.",
        rows=odd.rows,
        examples=odd.examples(),
        remedy=f"Read them, and leave out what is noise: {excluding(odd.farthest())}. "
        "data.clean=[{name: language, keep: [...]}] keeps the languages that are named, and no others.",
    )


def _sized(odd: _Odd) -> Iterator[Finding]:
    if not odd.rows:
        return
    short = int((odd.far[odd.places] < 0).sum())
    yield Finding(
        "outliers",
        "note",
        f"{numbered(odd.rows, 'row is', 'rows are')} far longer or shorter than the others: "
        f"{numbered(len(odd.places) - short, 'text is', 'texts are')} longer, {short:,} shorter.",
        rows=odd.rows,
        examples=odd.examples(),
        remedy="Read them. data.clean=[{name: length}] sets bounds.",
    )
