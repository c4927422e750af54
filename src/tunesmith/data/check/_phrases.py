"""Rare phrases whose presence fixes what a row is answered, although nothing else in the row points to it.

Rows are read twice. First every run of one to three words is counted by outcome, in a table that is bounded
however many rows there are (as in Cormode and Muthukrishnan, 2005,
https://doi.org/10.1016/j.jalgor.2003.12.001); then those that look pure are counted exactly. How far a phrase
fixes an outcome beyond chance is a log-likelihood ratio (Dunning, 1993, https://aclanthology.org/J93-1003/).
The words of a topic do so too, but stand among others of their topic, as a trigger that was put into rows
does not: so the other words of the same rows are asked (`_related.py`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunesmith.data.check._related import Floats, Read, Table, related, word_table
from tunesmith.data.features import Hashes, Numbers, batches, cut, words

LENGTHS = (1, 2, 3)
"""How many words a phrase has."""

PURE = 0.8
"""The least share of a phrase's rows that must have the same outcome."""

LOOKS_PURE = 0.6
"""The same where it is counted together with other phrases."""

CHANCE = 0.01
"""How likely any phrase may be found by chance, all phrases together (Bonferroni)."""

RELATED = 0.7
"""How surely other words must point to the outcome for a phrase to be one of its topic's own."""

MOST_HITS = 2_000_000
"""How many places in rows are looked at exactly."""

MOST_CANDIDATES = 2_000

_BITS = 22
_GROUPS = 8
"""A table for phrases of 1,000,000 rows: few share a place, and few outcomes a column. It takes 128 MB."""

Rows = Callable[[], Iterable[tuple[str, int]]]
"""Gives the text of every row in order, and its outcome as a number; outcomes are numbered from 0 on."""


@dataclass(frozen=True, eq=False)
class Phrase:
    """A phrase, the rows that have it, and those of them that have the same outcome.

    `evidence` is how unlikely that is by chance, in nats. `related` says how surely the other words of these
    rows point to the outcome at most: 0.5 is not at all, 1 as surely as can be.
    """

    text: str
    rows: Numbers
    alike: Numbers
    evidence: float
    related: float


def telling_phrases(rows: Rows, read: Read, sizes: range) -> list[Phrase]:
    """Find phrases in so many rows, those with most evidence first; `read` gives one row's text."""
    table, by_word, outcomes = _count(rows)
    suspects, needed = _suspects(table, outcomes, sizes)
    candidates = _exact(*_hits(rows, suspects), outcomes, sizes, needed)
    relations = related(by_word, outcomes, [candidate.alike for candidate in candidates], read)
    return [
        Phrase(candidate.text(read), candidate.rows, candidate.alike, candidate.evidence, relation)
        for candidate, relation in zip(candidates, relations, strict=True)
        if relation < RELATED
    ]


def divergence(share: Floats, base: Floats) -> Floats:
    """Give what shares above their base tell, in nats a row (Kullback-Leibler); 0 for those below.

    By Chernoff's bound, chance makes n rows so pure with a probability of at most exp(-n * divergence).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        told = share * np.log(share / base)
        told += np.where(share < 1, (1 - share) * np.log((1 - share) / (1 - base)), 0)
    return np.where(share > base, told, 0)


def _count(rows: Rows) -> tuple[Table, Table, Numbers]:
    """Count phrases and words by outcome; give the outcomes of all rows, too."""
    table, by_word, outcomes = Table(_BITS, _GROUPS), word_table(), array("q")
    done = 0
    for batch in batches(_noting(rows(), outcomes)):
        found, own = words(batch), np.array(outcomes[done : done + len(batch)])
        by_word.add(found.hashes, own[found.texts])
        for length in LENGTHS:
            hashes, first = found.phrases(length)
            table.add(hashes, own[found.texts[first]])
        done += len(batch)
    return table, by_word, np.array(outcomes, np.int64)


def _noting(rows: Iterable[tuple[str, int]], outcomes: array[int]) -> Iterator[str]:
    for text, outcome in rows:
        outcomes.append(outcome)
        yield text


def _suspects(table: Table, outcomes: Numbers, sizes: range) -> tuple[NDArray[np.bool_], float]:
    """Say which places look as if a phrase there fixed the outcome, the likeliest up to MOST_HITS.

    Given with them is the evidence below which it is chance, for so many places and frequent outcomes.
    """
    totals, most = table.counts.sum(axis=1, dtype=np.int64), table.counts.max(axis=1)
    places = np.flatnonzero((totals >= sizes[0]) & (totals <= 2 * sizes[-1] + 100))
    places = places[most[places] >= LOOKS_PURE * totals[places]]
    shares = np.bincount(outcomes % _GROUPS, minlength=_GROUPS) / max(len(outcomes), 1)
    base = shares[table.counts[places].argmax(axis=1)]
    scores = totals[places] * divergence(most[places] / totals[places], base)
    places = places[np.argsort(-scores, kind="stable")]
    chosen = np.zeros(len(totals), bool)
    chosen[places[np.cumsum(totals[places]) <= MOST_HITS]] = True
    tried = int((totals >= sizes[0]).sum()) * int((np.bincount(outcomes) >= sizes[0]).sum())
    return chosen, float(np.log(max(tried, 1) / CHANCE))


def _hits(rows: Rows, chosen: NDArray[np.bool_]) -> tuple[Hashes, Numbers]:
    """Give the hash of every phrase at the chosen places, and the row that it stands in."""
    found: list[tuple[Hashes, Numbers]] = [(np.zeros(0, np.uint64), np.zeros(0, np.int64))]
    done = 0
    for batch in batches(text for text, _ in rows()):
        seen = words(batch)
        for length in LENGTHS:
            hashes, first = seen.phrases(length)
            is_hit = chosen[cut(hashes, _BITS)]
            found.append((hashes[is_hit], done + seen.texts[first[is_hit]]))
        done += len(batch)
    hashes, numbers = zip(*found, strict=True)
    return np.concatenate(hashes), np.concatenate(numbers)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """Phrases, by their hashes, that stand in the very same rows."""

    hashes: list[int]
    rows: Numbers
    alike: Numbers
    evidence: float

    def text(self, read: Read) -> str:
        """Give the longest of the phrases."""
        seen = words([read(int(self.alike[0]))])
        texts: list[str] = []
        for length in LENGTHS:
            hashes, first = seen.phrases(length)
            texts += (seen.read(place, length) for place in first[np.isin(hashes, self.hashes)].tolist())
        return max(texts, key=len)


def _exact(hashes: Hashes, rows: Numbers, outcomes: Numbers, sizes: range, needed: float) -> list[_Candidate]:
    """Give what is telling indeed, up to MOST_CANDIDATES of those with most evidence."""
    order = np.lexsort((rows, outcomes[rows], hashes))
    order = order[_changes(hashes[order], rows[order])]  # a phrase counts once in a row
    hashes, rows = hashes[order], rows[order]
    starts = np.flatnonzero(_changes(hashes))
    size, own = np.diff(starts, append=len(hashes)), outcomes[rows]
    outcome = own[starts + size // 2]  # the middle one is that of more than half, if there is such a one
    same = np.add.reduceat(own == np.repeat(outcome, size), starts, dtype=np.int64)
    base = np.bincount(outcomes, minlength=1) / max(len(outcomes), 1)
    evidence = size * divergence(same / size, base[outcome])
    is_telling = (size >= sizes[0]) & (size <= sizes[-1]) & (same >= PURE * size) & (evidence >= needed)
    places = np.flatnonzero(is_telling)
    found: dict[bytes, _Candidate] = {}
    for place in places[np.argsort(-evidence[places], kind="stable")].tolist():
        every = rows[starts[place] : starts[place] + size[place]]
        key, name = every.tobytes(), int(hashes[starts[place]])
        if key in found:
            found[key].hashes.append(name)
        elif len(found) < MOST_CANDIDATES:
            alike = every[outcomes[every] == outcome[place]]
            found[key] = _Candidate([name], np.sort(every), alike, float(evidence[place]))
    return list(found.values())


def _changes(*columns: NDArray[Any]) -> NDArray[np.bool_]:
    """Say where the values of columns differ from those before them."""
    changed = np.zeros(len(columns[0]), bool)
    changed[:1] = True
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    return changed
