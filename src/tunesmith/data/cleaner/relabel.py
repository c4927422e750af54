"""Relabel: labels get other names, and several may become one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.errors import BadData
from tunesmith.core.example import Cleaned, Example
from tunesmith.core.registry import did_you_mean


@dataclass(frozen=True, kw_only=True)
class Relabel(Cleaner):
    """Give labels other names, also in the answers that say them; two labels may get the same one.

    Raises BadData for a label that no row has.
    """

    names: Annotated[
        Mapping[str, str], Field(min_length=1, description="The new name of each label that gets one.")
    ]

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Change the rows that have such a label."""
        seen: set[str] = set()
        for row in rows:
            seen.update(row.labels)
            labels = tuple(dict.fromkeys(self.names.get(label, label) for label in row.labels))
            if labels == row.labels:
                yield Cleaned(row)
            else:
                detail = f"{', '.join(row.labels)} is now {', '.join(labels)}"
                yield Cleaned(_said(replace(row, labels=labels), row), "relabelled", detail)
        for name in self.names:
            if name not in seen:
                raise BadData(
                    f"data.clean.relabel: no row has the label {name!r}.{did_you_mean(name, sorted(seen))}"
                )


def _said(changed: Example, row: Example) -> Example:
    """Have the answer say the new labels where it said nothing but the old ones."""
    separator = _separator(row)
    if separator is None:
        return changed
    last = replace(row.messages[-1], content=separator.join(changed.labels))
    return replace(changed, messages=(*row.messages[:-1], last))


def _separator(row: Example) -> str | None:
    """Find what stands between the labels in the answer; None where the answer is something else."""
    if not row.messages or row.messages[-1].role != "assistant":
        return None
    first, *others = row.labels
    rest = row.reference.removeprefix(first)
    separator = rest[: rest.find(others[0])] if others else ""
    return separator if separator.join(row.labels) == row.reference else None
