"""Missing values: columns and texts that are empty, or hold a placeholder such as N/A."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material, Severity
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example
from tunesmith.data.findings import numbered
from tunesmith.data.placeholders import LABELS, is_missing, placeholders


@dataclass(frozen=True, kw_only=True)
class MissingValues(Check):
    """Find columns and texts that are empty or hold a placeholder, such as N/A, null or a dash."""

    also: Annotated[
        tuple[str, ...], Field(description="More texts that stand for a missing value, in any case.")
    ] = ()
    ignore: Annotated[
        tuple[str, ...], Field(description="Texts of the list, such as none, that are values here.")
    ] = ()

    def look(self, material: Material) -> list[Finding]:
        """Warn of texts that would be learned; what is missing in other columns is a note."""
        known = placeholders(self.also, self.ignore)
        learned, others = _Missing(), _Missing()
        for rows in material.rows.values():
            for row in rows:
                named = known - frozenset(LABELS) if row.labels else known
                learned.note(row, [name for name, text in _learned(row) if is_missing(text, named)])
                others.note(row, [name for name, value in row.fields.items() if is_missing(value, known)])
                others.columns.update(row.fields.keys())
        others.count_absent()
        texts = "Texts that say nothing: {}. The model would read or learn them as they are."
        columns = "Columns that are not learned have missing values: {}."
        remedy = "data.clean=[{name: missing}] leaves such rows out, or fills them in."
        found = (learned.finding("warning", texts, remedy), others.finding("note", columns, ""))
        return [finding for finding in found if finding]


def _learned(row: Example) -> Iterator[tuple[str, str]]:
    """Give the texts that must say something; a system turn, or a turn of or to a tool, need not."""
    if not row.messages:
        yield "text", row.text
    for name, turns in (("", row.messages), ("rejected", row.rejected)):
        for turn in turns:
            if turn.role in ("user", "assistant") and (turn.content or not turn.tool_calls):
                is_label = row.labels and turn.role == "assistant"
                yield "label" if is_label else name or turn.role, turn.content


@dataclass
class _Missing:
    """What is missing, by column: `columns` counts the rows that have each of them at all."""

    looked_at: int = 0
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    columns: Counter[str] = field(default_factory=Counter[str])
    examples: list[str] = field(default_factory=list[str])

    def note(self, row: Example, names: list[str]) -> None:
        self.looked_at += 1
        if names:
            self.rows += 1
            self.counts.update(set(names))
            if len(self.examples) < MOST_EXAMPLES:
                self.examples.append(f"{row.name}: {', '.join(dict.fromkeys(names))}")

    def count_absent(self) -> None:
        """Count a column as missing in the rows that do not have it, where others do."""
        for name, present in self.columns.items():
            if present < self.looked_at:
                self.counts[name] += self.looked_at - present

    def finding(self, severity: Severity, sentence: str, remedy: str) -> Finding | None:
        if not self.counts:
            return None
        shares = {name: number / self.looked_at for name, number in self.counts.most_common()}
        said = ", ".join(
            f"{name} in {numbered(self.counts[name], 'row')} ({share:.1%})" for name, share in shares.items()
        )
        return Finding(
            "missing_values",
            severity,
            sentence.format(said),
            rows=max(self.rows, *self.counts.values()),
            examples=tuple(self.examples),
            remedy=remedy,
            chart=shares,
        )
