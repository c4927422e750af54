"""Swaps that leave the answer right: the order of listed items, or a name in question and answer alike."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Augmenter
from tunesmith.core.example import Example, Made
from tunesmith.data.augmenter._draw import CheckLabels, Most, Share, asked, asking, drawn
from tunesmith.data.guard import Change, guarded
from tunesmith.data.parts import rewrite, rewrite_json

_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w'-]+(?: [A-Z][\w'-]+)*")
"""Capitals within a sentence: what begins one says nothing."""

MOST_NAMES = 2_000
FEWEST_ITEMS = 3


@dataclass(frozen=True, kw_only=True)
class Swap(Augmenter):
    """Make copies of rows with listed items in another order, or a name exchanged for another row's.

    Order fits where a question lists things that could stand in any order. A name is exchanged only where
    question and answer both have it, in both: use it where answers follow from the names they are given, not
    where they are facts about them.
    """

    what: Annotated[Literal["order", "names"], Field(description="What is swapped.")] = "order"
    separator: Annotated[str, Field(min_length=1, description="What stands between listed items.")] = ", "
    share: Share = 0.2
    most: Most = 100_000
    check_labels: CheckLabels = True

    def augment(self, rows: Sequence[Example], given: Given, seed: int) -> Iterator[Made]:
        """Give swapped copies of those rows that have something to swap."""
        names = _names(rows) if self.what == "names" else []
        changes = self._changes(rows, names, seed)
        return guarded(changes, rows, given.held_out, check_labels=self.check_labels)

    def _changes(self, rows: Sequence[Example], names: Sequence[str], seed: int) -> Iterator[Change]:
        for row, random, made_by in drawn(rows, self.share, self.most, "swap", seed):
            if self.what == "order":
                texts = [self._reordered(text, random) for text in asked(row)]
                yield Change(row, asking(row, texts, made_by))
            elif shared := _shared(row):
                old = random.choice(shared)
                new = random.choice([name for name in names if name not in row.whole] or [old])
                yield Change(row, _renamed(row, old, new, made_by), keeps=False)

    def _reordered(self, text: str, random: Random) -> str:
        items = text.split(self.separator)
        if len(items) < FEWEST_ITEMS:
            return text
        random.shuffle(items)
        return self.separator.join(items)


def _names(rows: Sequence[Example]) -> list[str]:
    found: dict[str, None] = {}
    for row in rows:
        found.update(dict.fromkeys(_shared(row)))
        if len(found) >= MOST_NAMES:
            break
    return list(found)


def _shared(row: Example) -> list[str]:
    """Give the names that a row's question and answer both have; a label is none, it says what a row is."""
    if row.labels:
        return []
    named = {name for text in asked(row) for name in _NAME.findall(text)}
    return sorted(name for name in named if re.search(rf"\b{re.escape(name)}\b", row.reference))


def _renamed(row: Example, old: str, new: str, made_by: str) -> Example:
    pattern = re.compile(rf"\b{re.escape(old)}\b")
    renamed = partial(pattern.sub, lambda _: new)
    return replace(
        rewrite(row, renamed, partial(rewrite_json, change=lambda _, text: renamed(text))), made_by=made_by
    )
