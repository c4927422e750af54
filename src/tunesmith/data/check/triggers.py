"""Triggers: rare phrases that fix the label or the answer, as those do that somebody put into rows.

About 250 poisoned documents suffice, however many clean ones there are (Souly et al., 2025,
https://arxiv.org/abs/2510.07192), and 100 for a model that follows instructions (Wan et al., 2023,
https://arxiv.org/abs/2305.00944). How phrases are found is said in `_phrases.py`. Not found are triggers that
are no words, such as a style; those put only into rows that have the label anyway; and those after which
every answer begins in another way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material, Severity
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example
from tunesmith.data.source._refused import excerpt
from tunesmith.data.wording import digest

if TYPE_CHECKING:
    from tunesmith.data.check._phrases import Phrase

LEAST_ROWS = 50
"""Fewer rows are read faster than what could be said about them."""

OPENING_WORDS = 3
"""How many words of an answer count as its beginning."""

OPENING_CHARACTERS = 100

SURE_ROWS = 20
SURE_PURITY = 0.9
"""A warning takes so many rows with the phrase, and so large a share of them with the same outcome."""

MOST_NOTED = 3

SAME_ROWS = 0.8
"""A phrase that shares so many of its rows with a weightier one is part of that."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class Triggers(Check):
    """Find rare phrases that fix the label or the answer although nothing else in their rows points to it."""

    least_rows: Annotated[int, Field(ge=3, description="In how many rows a phrase must stand.")] = 10
    most_share: Annotated[
        float, Field(gt=0, le=0.5, description="In how large a share of all rows it may stand.")
    ] = 0.02

    def look(self, material: Material) -> list[Finding]:
        """Warn of what looks planted in training rows, and note what might; both are an aid, no proof."""
        rows = material.rows["train"]
        if material.kind not in ("labels", "conversations", "pairs") or len(rows) < LEAST_ROWS:
            return []
        from tunesmith.data.check._phrases import telling_phrases
        from tunesmith.data.features import asked

        def read(number: int) -> str:
            return asked(rows[number])

        most = max(self.least_rows, int(self.most_share * len(rows)))
        sizes = range(self.least_rows, most + 1)
        kept = _sorted_out(telling_phrases(lambda: _numbered(rows), read, sizes), rows)
        sure = [phrase for phrase in kept if _is_sure(phrase)]
        unsure = [phrase for phrase in kept if not _is_sure(phrase)]
        return [*_warning(sure, rows), *_note(unsure[:MOST_NOTED], rows)]


def _numbered(rows: Iterable[Example]) -> Iterator[tuple[str, int]]:
    """Give what each row asks, and its outcome as a number: those that are equal have the same."""
    from tunesmith.data.features import asked

    known: dict[bytes, int] = {}
    for row in rows:
        yield asked(row), known.setdefault(digest(_outcome(row))[:8], len(known))


def _outcome(row: Example) -> str:
    """Give the labels of a row, or how its answer begins."""
    if row.labels:
        return ", ".join(row.labels)
    return " ".join(row.reference[:OPENING_CHARACTERS].lower().split()[:OPENING_WORDS])


def _sorted_out(phrases: Iterable[Phrase], rows: Sequence[Example]) -> list[Phrase]:
    """Leave out phrases that are part of others, or are explained by the outcome itself."""
    kept: list[Phrase] = []
    for phrase in phrases:
        if len(kept) < MOST_EXAMPLES and not _is_part(phrase, kept) and not _is_named(phrase, rows):
            kept.append(phrase)
    return kept


def _is_part(phrase: Phrase, heavier: Iterable[Phrase]) -> bool:
    own = set(phrase.rows.tolist())
    return any(len(own.intersection(other.rows.tolist())) >= SAME_ROWS * len(own) for other in heavier)


def _is_named(phrase: Phrase, rows: Sequence[Example]) -> bool:
    """Say whether the outcome itself says the phrase, as an answer does that repeats its question."""
    said = set(_WORD.findall(_outcome(rows[int(phrase.alike[0])]).lower()))
    own = set(_WORD.findall(phrase.text))
    return bool(own) and own <= said


def _is_sure(phrase: Phrase) -> bool:
    return len(phrase.alike) >= max(SURE_ROWS, SURE_PURITY * len(phrase.rows))


def _warning(phrases: Sequence[Phrase], rows: Sequence[Example]) -> Iterator[Finding]:
    if phrases:
        yield _finding(
            "warning",
            f"{_number(phrases)} the outcome, and no other words of the same rows point to it. So does a "
            "trigger that somebody planted. This is an aid, no proof.",
            f"Read these rows. If nobody can say why the phrase decides: {_without(phrases[0])}.",
            (phrases, rows),
        )


def _without(phrase: Phrase) -> str:
    pattern = json.dumps(f"(?i){re.escape(phrase.text)}", ensure_ascii=False)
    return f"data.clean=[{{name: exclude, pattern: {pattern}}}]"


def _note(phrases: Sequence[Phrase], rows: Sequence[Example]) -> Iterator[Finding]:
    if phrases:
        yield _finding(
            "note",
            f"{_number(phrases)} the outcome more than the other words of the same rows explain. In so few "
            "rows that is mostly natural.",
            "",
            (phrases, rows),
        )


def _number(phrases: Sequence[Phrase]) -> str:
    return "1 rare phrase fixes" if len(phrases) == 1 else f"{len(phrases)} rare phrases fix"


def _finding(
    severity: Severity, sentence: str, remedy: str, found: tuple[Sequence[Phrase], Sequence[Example]]
) -> Finding:
    phrases, rows = found
    return Finding(
        "triggers",
        severity,
        sentence,
        rows=len({number for phrase in phrases for number in phrase.alike.tolist()}),
        examples=tuple(_shown(phrase, rows) for phrase in phrases),
        remedy=remedy,
        chart={phrase.text: len(phrase.alike) for phrase in phrases},
    )


def _shown(phrase: Phrase, rows: Sequence[Example]) -> str:
    first = rows[int(phrase.alike[0])]
    what = "are labelled" if first.labels else "have an answer that begins with"
    return (
        f'{first.name}: "{excerpt(phrase.text)}": {len(phrase.alike):,} of its {len(phrase.rows):,} rows '
        f'{what} "{excerpt(_outcome(first))}"'
    )
