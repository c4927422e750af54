"""Answers: boilerplate, refusals, answers copied from their prompt, and answers that end in the middle."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example
from tunesmith.data.findings import excluding
from tunesmith.data.source._refused import excerpt
from tunesmith.data.wording import digest, fold, prompt, question

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAYS_SOMETHING = 4
"""Answers of fewer words may be right for many prompts, and may well stand in them."""

PROSE = 12
"""Answers of so many words are held for sentences, which end with a full stop or the like."""

LAST_LINE = 5
"""A last line of fewer words may be a signature or an entry of a list."""

MOSTLY = 0.8
"""Only where so large a share of prose is ended the rest is held for cut."""

WORTH_SAYING = 0.01
"""From which share of rows on copied answers are noted."""

SHOWN_END = 60
"""How much of the end of an answer that may have been cut is shown."""

REFUSED, COPIED, ENDED, OPEN = 1, 2, 4, 8

_REFUSAL = re.compile(
    r"\W*(?:(?:i['\u2019]?m|i am) (?:very |so |really )?(?:sorry|afraid|unable|not (?:able|sure|allowed))\b|"
    r"sorry,? (?:but )?i\b|as an? (?:ai\b|artificial|language model)|unfortunately,? i\b|"
    r"i (?:can['\u2019]?t|cannot|can not|won['\u2019]?t|will not|must decline)\b|"
    r"i do(?:n['\u2019]?t| not) (?:know|have (?:access|any|enough))\b)"
)
_ENDED = re.compile("[.!?\u2026\u3002\uff01\uff1f][\"'\u201d\u2019\u00bb)\\]*_]*$")
_OPEN = re.compile("[\\w,;\u2013\u2014-]$")
_ENTRY = re.compile(r"[-*•#|>]|\d+[.)]")


@dataclass(frozen=True, kw_only=True)
class Answers(Check):
    """Find answers that are boilerplate, refusals, copies of their prompts, or end in the middle."""

    prompts: Annotated[
        int, Field(ge=2, description="From how many different prompts on the same answer is boilerplate.")
    ] = 5

    def look(self, material: Material) -> list[Finding]:
        """Look at the answers of all splits; refusals are known by how they begin in English."""
        if material.kind not in ("conversations", "pairs"):
            return []
        from tunesmith.data.rows import Joined

        seen = _Seen.of(Joined(*material.rows.values()))
        found = (self._boilerplate(seen), _open(seen), _refused(seen), _copied(seen))
        return [finding for some in found for finding in some]

    def _boilerplate(self, seen: _Seen) -> Iterator[Finding]:
        import numpy as np

        answers, place = np.unique(seen.answers, return_inverse=True)
        pairs = np.unique(np.stack([place, np.unique(seen.prompts, return_inverse=True)[1]]), axis=1)
        prompts = np.bincount(pairs[0], minlength=len(answers))
        rows = np.flatnonzero((prompts >= self.prompts)[place] & (seen.words >= SAYS_SOMETHING))
        if not len(rows):
            return
        _, first = np.unique(place[rows], return_index=True)
        order = rows[first][np.argsort(-prompts[place[rows[first]]], kind="stable")]
        yield Finding(
            "answers",
            "note",
            f"Answers that are given to {self.prompts:,} or more different prompts each: {len(order):,}, in "
            f"{len(rows):,} rows. They are boilerplate, unless they fit.",
            rows=len(rows),
            examples=tuple(
                f"{row.name}: to {prompts[place[number]]:,} prompts: {excerpt(row.reference)}"
                for number, row in ((number, seen.rows[number]) for number in order[:MOST_EXAMPLES].tolist())
            ),
            remedy=f"data.clean=[{{name: cap, by: answer, rows: {self.prompts - 1}}}] keeps so many of each.",
        )


@dataclass(frozen=True)
class _Seen:
    """What is known of all answers: which are equal, what was asked, their words, marks such as REFUSED."""

    rows: Sequence[Example]
    answers: NDArray[np.uint64]
    prompts: NDArray[np.uint64]
    words: NDArray[np.int64]
    marks: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[Example]) -> _Seen:
        import numpy as np

        answers, prompts, words, marks = bytearray(), bytearray(), array("i"), array("b")
        for row in rows:
            answer = fold(row.reference)
            answers += digest(answer)[:8]
            prompts += prompt(row)[:8]
            words.append(answer.count(" ") + 1)
            marks.append(_marks(row, answer, words[-1]))
        return cls(
            rows,
            np.frombuffer(answers, np.uint64),
            np.frombuffer(prompts, np.uint64),
            np.array(words, np.int64),
            np.array(marks, np.int64),
        )

    def share(self, number: int) -> str:
        """Say how many answers something is true of."""
        return f"{number:,} of {len(self.rows):,} answers ({number / len(self.rows):.1%})"

    def marked(self, mark: int) -> tuple[int, list[Example]]:
        """Count the rows with a mark, and give the first."""
        numbers = (self.marks & mark).nonzero()[0]
        return len(numbers), [self.rows[number] for number in numbers[:MOST_EXAMPLES].tolist()]


def _marks(row: Example, answer: str, words: int) -> int:
    marks = REFUSED if _REFUSAL.match(answer) else 0
    if words >= SAYS_SOMETHING and answer in fold(question(row)):
        marks |= COPIED
    if words >= PROSE:
        marks |= _ending(row.reference)
    return marks


def _ending(answer: str) -> int:
    """Say whether prose is ended or open; a list, a table or a signature is neither."""
    last = answer.rstrip().rsplit("\n", 1)[-1].strip()
    if _ENDED.search(last):
        return ENDED
    is_prose = last.count(" ") + 1 >= LAST_LINE and not _ENTRY.match(last)
    return OPEN if is_prose and _OPEN.search(last) else 0


def _open(seen: _Seen) -> Iterator[Finding]:
    ended, _ = seen.marked(ENDED)
    number, rows = seen.marked(OPEN)
    if number and ended >= MOSTLY * (ended + number):
        yield Finding(
            "answers",
            "note",
            f"{seen.share(number)} end without a full stop or the like, unlike {ended:,} others: they may "
            "have been cut.",
            rows=number,
            examples=tuple(f"{row.name}: ... {excerpt(row.reference.rstrip()[-SHOWN_END:])}" for row in rows),
            remedy=f"Read how they end. Complete those that were cut, or leave them out: {excluding(rows)}.",
        )


def _refused(seen: _Seen) -> Iterator[Finding]:
    number, rows = seen.marked(REFUSED)
    if number:
        yield Finding(
            "answers",
            "note",
            f"{seen.share(number)} begin as a refusal does: the model will learn from them when to refuse.",
            rows=number,
            examples=tuple(f"{row.name}: {excerpt(row.reference)}" for row in rows),
            remedy=f"If the model shall answer there, leave them out: {excluding(rows)}.",
        )


def _copied(seen: _Seen) -> Iterator[Finding]:
    number, rows = seen.marked(COPIED)
    if number >= WORTH_SAYING * len(seen.rows) and number:
        yield Finding(
            "answers",
            "note",
            f"{seen.share(number)} stand word for word in their prompts: the model will learn to copy.",
            rows=number,
            examples=tuple(f"{row.name}: {excerpt(row.reference)}" for row in rows),
        )
