"""Judge rows that were made: they must say something new, keep what matters, and give nothing away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tunesmith.core.example import Example, Made
from tunesmith.data.label_check import LabelCheck
from tunesmith.data.wording import digest, fold, wording

ROWS_AT_ONCE = 4096
SIMILARITY, SHARE = 0.8, 0.95
"""From where on a new row is too near to one that is held out, as the contamination check sees it."""

LENGTHS = (0.5, 2.0)
"""How long a new row may be, against the one it was made from."""

_KEPT = re.compile(r"\b\d+(?:[.,:/-]\d+)*\b|https?://\S+|[\w.+-]+@[\w-]+\.\w+|[\[{<][^\]}>\s]{1,40}[\]}>]")
"""Numbers, addresses and placeholders, which no change of words may touch."""


@dataclass(frozen=True)
class Change:
    """A row and what was made of it; `keeps` says that numbers and addresses were not to change."""

    source: Example
    made: Example
    keeps: bool = True


def guarded(
    changes: Iterable[Change], rows: Sequence[Example], held_out: Sequence[Example], *, check_labels: bool
) -> Iterator[Made]:
    """Judge every new row, and say of those that are not to be used why.

    `rows` are the training rows. Labels are checked by a linear model of the training rows, where there are
    labels and enough of them: it must not see another label in the new row if it saw the right one before.
    """
    known = {digest(fold(wording(row))) for row in rows}
    labels = LabelCheck.of(rows) if check_labels else None
    waiting = iter(changes)
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        leaks = _leaks([change.made for change in some], held_out)
        unlike = labels.differing([(one.source, one.made) for one in some]) if labels else set[int]()
        for number, change in enumerate(some):
            reason = _reason(change)
            before, said = (digest(fold(wording(row))) for row in (change.source, change.made))
            if not reason and said in known and said != before:  # other capitals are something new
                reason = "it repeats a row"
            if not reason and number in leaks:
                reason = "it is like a held-out row"
            if not reason and number in unlike:
                reason = "its label may have changed"
            if not reason:
                known.add(said)
            yield Made(change.made, reason)


def _leaks(made: Sequence[Example], held_out: Sequence[Example]) -> set[int]:
    """Give the numbers of the new rows that are like a held-out one."""
    from tunesmith.data.contamination import Limits, leaking

    if not len(held_out):
        return set()
    return set(leaking(made, held_out, Limits(SIMILARITY, SHARE)).rows.tolist())


def _reason(change: Change) -> str:
    before, after = wording(change.source), wording(change.made)
    if not after.strip():
        return "nothing was written"
    if before == after:
        return "nothing changed"
    if change.keeps and sorted(_KEPT.findall(before)) != sorted(_KEPT.findall(after)):
        return "a number, address or placeholder changed"
    low, high = LENGTHS
    if not low <= len(after) / max(1, len(before)) <= high:
        return "its length changed too much"
    return ""
