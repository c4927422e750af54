"""How surely the words of rows point to an outcome: naive Bayes, where each row is judged by all others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tunesmith.data.features import ONE, Hashes, Numbers, batches, counted, cut, words

JUDGED_ROWS = 48
"""How many of a phrase's rows are looked at."""

OTHER_ROWS = 256
"""With how many rows of all outcomes they are compared."""

LEAST_SHARE = 1 / 3
"""A row says nothing where a smaller share of its words is not part of the phrase."""

ALWAYS = 0.8
"""A word in so large a share of a phrase's rows counts as part of the phrase: a trigger may be a sentence."""

SMOOTHING = 20.0
"""How many words of all rows each outcome is given, so that no word is impossible."""

MOST_CHARACTERS = 2_000
"""What a row has beyond that is not judged by."""

_GROUPS = 256
_BITS = 16

Floats = NDArray[np.float64]
Read = Callable[[int], str]


class Table:
    """Counts hashes by outcome; of many hashes and outcomes, some are counted together."""

    def __init__(self, bits: int, groups: int) -> None:
        self.counts = np.zeros((2**bits, groups), np.uint32)
        self._bits, self._groups = bits, groups

    def add(self, hashes: Hashes, outcomes: Numbers) -> None:
        """Count hashes, given the outcome of each one's row."""
        places = cut(hashes, self._bits) * self._groups + outcomes % self._groups
        np.add.at(self.counts.reshape(-1), places, ONE)


def word_table() -> Table:
    """Give the table in which the words of all rows are to be counted."""
    return Table(_BITS, _GROUPS)


def related(table: Table, outcomes: Numbers, alike: Sequence[Numbers], read: Read) -> list[float]:
    """Say of rows that share a phrase and an outcome how surely their other words point to this outcome.

    That is the chance that they do so more than the words of any row, stretched so that 0.5 is not at all and
    1 is where every row with the outcome is told from every other. A standard error is added, so few rows and
    a frequent outcome count as related; so do rows of which most have too few other words to be judged.
    """
    samples = [_thinned(rows, JUDGED_ROWS) for rows in alike]
    others = _thinned(np.arange(len(outcomes)), OTHER_ROWS)
    judge = _Judge(table, outcomes, _bags(np.unique(np.concatenate([others, *samples])), read), others)
    return [judge.relation(rows) for rows in samples]


def _thinned(rows: Numbers, most: int) -> Numbers:
    """Choose rows that lie evenly apart."""
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(np.int64)]


def _bags(numbers: Numbers, read: Read) -> dict[int, Numbers]:
    """Give the words of rows, each once, and below them how often they stand there: [2, words]."""
    bags: list[Numbers] = []
    for batch in batches(read(number)[:MOST_CHARACTERS] for number in numbers.tolist()):
        seen = words(batch)
        row, word, count = counted(seen.hashes, seen.texts, _BITS)
        bags += np.split(np.stack([word, count]), np.searchsorted(row, np.arange(1, len(batch))), axis=1)
    return dict(zip(numbers.tolist(), bags, strict=True))


class _Judge:
    """Compares how strongly the words of rows point to an outcome."""

    def __init__(self, table: Table, outcomes: Numbers, bags: dict[int, Numbers], others: Numbers) -> None:
        self._counts, self._outcomes, self._bags, self._others = table.counts, outcomes, bags, others
        self._totals = table.counts.sum(axis=1, dtype=np.int64)
        self._sizes = table.counts.sum(axis=0, dtype=np.int64)
        self._shares = np.bincount(outcomes, minlength=1) / max(len(outcomes), 1)
        self._known: dict[int, Floats] = {}

    def relation(self, rows: Numbers) -> float:
        """Say with what chance the words of rows outdo those of others, as `related` says."""
        outcome = int(self._outcomes[rows[0]])
        if outcome not in self._known:
            self._known[outcome] = np.sort(self._points(outcome, self._others, 1.1))
        points, known = self._points(outcome, rows, ALWAYS), self._known[outcome]
        if 2 * len(points) < len(rows):
            return 1.0
        below, up_to = (np.searchsorted(known, points, side).mean() for side in ("left", "right"))
        chance = (below + up_to) / 2 / max(len(known), 1)
        error = 1 / np.sqrt(12 * len(points))  # of a mean of even numbers from 0 to 1
        return float(0.5 + (chance - 0.5 + error) / (1 - self._shares[outcome]))

    def _points(self, outcome: int, rows: Numbers, always: float) -> Floats:
        """Give the mean log odds by which words point to the outcome, for rows with enough of them.

        Words that stand in so large a share of the rows are left out.
        """
        bags = [self._bags[number] for number in rows.tolist()]
        row = np.repeat(np.arange(len(bags)), [bag.shape[1] for bag in bags])
        word, count = np.concatenate(bags, axis=1)
        _, place, times = np.unique(word, return_inverse=True, return_counts=True)
        rest = times[place] < always * len(rows)
        every, left = (np.bincount(part, minlength=len(rows)) for part in (row, row[rest]))
        enough = (left > 0) & (left >= LEAST_SHARE * every)
        odds = self._odds(outcome, word[rest], count[rest], self._outcomes[rows][row[rest]])
        return np.bincount(row[rest], odds, len(rows))[enough] / left[enough]

    def _odds(self, outcome: int, word: Numbers, count: Numbers, own: Numbers) -> Floats:
        """Give the log odds of words, as seen in all rows but that in which each stands so often."""
        group, total = outcome % _GROUPS, self._totals.sum()
        size = self._sizes[group]
        here = np.maximum(self._counts[word, group] - count * (own % _GROUPS == group), 0)
        everywhere = np.maximum(self._totals[word] - count, here)  # a word that was cut is not known
        expected = SMOOTHING * (everywhere + 0.5) / total
        odds = np.log((here + expected) / (size + SMOOTHING))
        return odds - np.log((everywhere - here + expected) / (total - size + SMOOTHING))
