"""Leftovers: what a program left in texts, such as markup, places never filled in, broken letters."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tunesmith.core.audit import MOST_EXAMPLES, WORTH_A_WARNING, Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example
from tunesmith.data.markup import ENTITIES, TAGS
from tunesmith.data.parts import texts
from tunesmith.data.source._refused import excerpt

Sort = Literal["unfilled", "broken", "markup"]

MOST_KINDS = 10_000
"""How many different pieces are counted each by itself, for the chart."""

_UNFILLED = re.compile(
    r"\{\{\s*[#/^&>]?\s*[\w.][^{}\n]{0,200}\}\}|\{%[^{}\n]{1,80}%\}|<%=?[^<>\n]{1,80}%>|\$\{\w[\w.]{0,40}\}|"
    r"\[(?:insert|enter|add|your|customer|company|product|recipient)\b[^\[\]\n]{0,40}\]",
    re.IGNORECASE,
)
_BEHIND = "".join(chr(byte) + bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xC0))
_BROKEN = re.compile(f"\ufffd|[ÃÂ][{_BEHIND}]|â[{_BEHIND}]{{2}}")
"""The sign for an unknown letter, and what UTF-8 becomes where it is read as Latin-1 or Windows-1252."""

_SIGNS = re.compile("[<&{$\\[\ufffdÃÂâ]")
"""One of them stands in whatever is looked for; most texts have none."""

_SAID: dict[Sort, tuple[str, str]] = {
    "unfilled": (
        "places that were to be filled in, such as {{name}}",
        "Fill them in where the texts come from, or leave these rows out. In code they may be right.",
    ),
    "broken": (
        "broken letters, as of UTF-8 that was read as something else",
        "Write the file anew from where it came from, as UTF-8: letters that are lost cannot be mended here.",
    ),
    "markup": (
        "HTML tags or entities",
        "data.clean=[{name: normalise, html_tags: true, html_entities: true}] takes them out. In code they "
        "may be right.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Leftovers(Check):
    """Find what a program left in texts: HTML, {{places}} never filled in, broken letters."""

    def look(self, material: Material) -> list[Finding]:
        """Count rows by what was left, in all splits; a model would learn to write the same."""
        found = {sort: _Found(sort) for sort in _SAID}
        for rows in material.rows.values():
            for row in rows:
                for sort, pieces in _pieces(row).items():
                    found[sort].add(row, pieces)
        number = sum(map(len, material.rows.values()))
        return [one.finding(number) for one in found.values() if one.rows]


def _pieces(row: Example) -> dict[Sort, list[str]]:
    """Give what was left in a row, as it is written."""
    pieces: dict[Sort, list[str]] = {}
    for _, text in texts(row):
        if _SIGNS.search(text):
            for sort, piece in _left(text):
                pieces.setdefault(sort, []).append(piece)
    return pieces


def _left(text: str) -> Iterator[tuple[Sort, str]]:
    for found in _UNFILLED.finditer(text):
        yield "unfilled", found[0]
    for found in _BROKEN.finditer(text):
        yield "broken", found[0]
    for found in TAGS.finditer(text):
        yield "markup", found[0]
    for found in ENTITIES.finditer(text):
        if html.unescape(found[0]) != found[0]:
            yield "markup", found[0]


@dataclass
class _Found:
    """Rows with one sort of leftovers, and how often each piece was left."""

    sort: Sort
    rows: int = 0
    total: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    examples: list[str] = field(default_factory=list[str])

    def add(self, row: Example, pieces: list[str]) -> None:
        """Take in one row."""
        self.rows += 1
        self.total += len(pieces)
        shown = map(excerpt, pieces)
        self.counts.update(one for one in shown if one in self.counts or len(self.counts) < MOST_KINDS)
        if len(self.examples) < MOST_EXAMPLES:
            more = f" and {len(pieces) - 1:,} more" if len(pieces) > 1 else ""
            self.examples.append(f"{row.name}: {excerpt(pieces[0])}{more}")

    def finding(self, number: int) -> Finding:
        """Say what was left, how often, and what to do."""
        what, remedy = _SAID[self.sort]
        return Finding(
            "leftovers",
            "warning" if self.rows >= WORTH_A_WARNING * number else "note",
            f"Rows with {what}: {self.rows:,} of {number:,} ({self.rows / number:.1%}), "
            f"{self.total:,} in all.",
            rows=self.rows,
            examples=tuple(self.examples),
            remedy=remedy,
            chart=dict(self.counts.most_common(MOST_EXAMPLES)),
        )
