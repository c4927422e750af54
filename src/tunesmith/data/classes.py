"""What rows are sorted by: their labels, their answers, or a column."""

from __future__ import annotations

import json
from typing import Literal

from tunesmith.core.errors import BadOption
from tunesmith.core.example import Example
from tunesmith.data.wording import fold

By = Literal["label", "answer", "column"]


def classes(row: Example) -> tuple[str, ...]:
    """Give the labels of a row; a number to predict is none."""
    return row.labels if row.value is None else ()


def check(where: str, by: By, column: str | None) -> None:
    """Raise BadOption where a column is named that is not looked at, or none that is."""
    if by == "column" and column is None:
        raise BadOption(f"{where}.column: by=column needs the name of one.")
    if by != "column" and column is not None:
        raise BadOption(f"{where}.column: by={by} looks at no column. Remove it, or use by=column.")


def values(row: Example, by: By, column: str | None) -> tuple[str, ...]:
    """Give what a row has of it, as text: several for several labels, none where it is missing."""
    if by == "label":
        return classes(row)
    if by == "answer":
        return (fold(row.reference),)
    found = row.fields.get(column or "")
    return () if found is None else (found if isinstance(found, str) else json.dumps(found, sort_keys=True),)
