"""Languages of rows: told for a sample, chosen by hash so that it is the same sample every time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappush, heappushpop
from typing import Annotated

from pydantic import Field

from tunesmith.core.audit import MOST_EXAMPLES, WORTH_A_WARNING, Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example
from tunesmith.core.hashing import hash_text
from tunesmith.data.language import CHARACTERS, identifier


@dataclass(frozen=True, kw_only=True)
class Languages(Check):
    """Tell the languages of a sample of rows, and warn of rows in another language than most."""

    sample: Annotated[int, Field(ge=1, description="Most rows that are looked at.")] = 2000
    confidence: Annotated[
        float, Field(gt=0, le=1, description="How certain a language must be to count, from 0 to 1.")
    ] = 0.8
    minority: Annotated[
        float, Field(ge=0, lt=1, description="Warn of languages with a smaller share of the rows than this.")
    ] = 0.1

    def look(self, material: Material) -> list[Finding]:
        """Count languages; texts that are too short, code or of several languages are not judged."""
        chosen, number = _sample(material, self.sample)
        tell = identifier(self.confidence)
        told = [(tell(text), name) for name, text in chosen]
        counts = Counter(code for code, _ in told if code)
        if not counts:
            return []
        judged = counts.total()
        rare = {code for code, rows in counts.items() if rows < self.minority * judged}
        strangers = sum(counts[code] for code in rare)
        of_all = f"all {number:,} rows" if len(told) == number else f"{len(told):,} of {number:,} rows"
        said = ", ".join(f"{code} {rows:,}" for code, rows in counts.most_common())
        return [
            Finding(
                "languages",
                "warning" if strangers >= WORTH_A_WARNING * judged and rare else "note",
                f"Languages of {of_all}: {said}; {len(told) - judged:,} could not be told.",
                rows=strangers,
                examples=tuple(f"{name}: {code}" for code, name in told if code in rare)[:MOST_EXAMPLES],
                remedy=_remedy([code for code, _ in counts.most_common() if code not in rare])
                if rare
                else "",
                chart=dict(counts.most_common()),
            )
        ]


def _sample(material: Material, most: int) -> tuple[list[tuple[str, str]], int]:
    """Give the names and beginnings of the rows with the smallest hashes, in order, and the number of all."""
    chosen: list[tuple[int, int, str, str]] = []  # a heap of the negative hashes: the largest hash first
    number = 0
    for number, row in enumerate(_rows(material), 1):
        entry = (-int(hash_text(row.name)[:15], 16), number)
        if len(chosen) < most:
            heappush(chosen, (*entry, row.name, row.whole[: 10 * CHARACTERS]))
        elif entry > chosen[0][:2]:
            heappushpop(chosen, (*entry, row.name, row.whole[: 10 * CHARACTERS]))
    return [(name, text) for _, _, name, text in sorted(chosen, key=lambda entry: entry[1])], number


def _rows(material: Material) -> Iterator[Example]:
    return (row for rows in material.rows.values() for row in rows)


def _remedy(languages: list[str]) -> str:
    return f"data.clean=[{{name: language, keep: [{', '.join(languages)}]}}] leaves other languages out."
