"""Which rows to ask about first: doubtful ones, then those of which a model is least sure, near copies apart.

Sources: Lewis and Gale, 1994, https://arxiv.org/abs/cmp-lg/9407020 (uncertainty sampling); Settles, 2009,
https://burrsettles.com/pub/settles.activelearning.pdf (entropy and margin).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.hashing import hash_text

Measure = Literal["entropy", "margin"]
"""How unsure: over all labels, or between the likeliest two, which finds more where there are many labels."""

HEAD = 2000
"""Rows at the front whose near copies are kept apart; nobody annotates more before the order is made anew."""

NEAR = 0.6
"""Texts that share this part of their runs of three characters are near copies."""

RECENT, AHEAD = 5, 40
"""A row is no near copy of so many before it, if there is another among so many behind it."""

LETTERS = 1000
"""Characters of a text that are compared."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that could be asked about: `uncertainty` is 0 where a model is sure, and at most 1."""

    identity: str
    text: str
    uncertainty: float = 0.0
    is_doubtful: bool = False


def order(candidates: Sequence[Candidate], seed: int) -> list[int]:
    """Give the candidates' places, the most informative first; between equals the seed decides."""
    chance = [hash_text(f"{seed} order {one.identity}") for one in candidates]

    def merit(position: int) -> tuple[bool, float, str]:
        one = candidates[position]
        return not one.is_doubtful, -one.uncertainty, chance[position]

    best = sorted(range(len(candidates)), key=merit)
    return [*_apart(best[:HEAD], candidates), *best[HEAD:]]


def uncertainty(probabilities: NDArray[Any], measure: Measure = "margin") -> NDArray[np.float64]:
    """Say how unsure a model is of each row, from 0 to 1; the shape is [rows, labels], each row sums to 1."""
    shares = np.asarray(probabilities, dtype=np.float64)
    if shares.shape[1] < 2:
        return np.zeros(len(shares))
    if measure == "margin":
        best = np.sort(shares, axis=1)
        return 1 - (best[:, -1] - best[:, -2])
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    return -(shares * logs).sum(axis=1) / np.log(shares.shape[1])


def uncertainty_of_each(probabilities: NDArray[Any]) -> NDArray[np.float64]:
    """Say how unsure a model is where a row may have several labels: the mean over labels, from 0 to 1."""
    shares = np.asarray(probabilities, dtype=np.float64)
    both = np.stack([shares.ravel(), 1 - shares.ravel()], axis=1)
    return uncertainty(both).reshape(shares.shape).mean(axis=1)


def surprise(nats: Sequence[float]) -> list[float]:
    """Say how unsure a model is of answers, from 0 to 1, from their cost in nats per token."""
    return [1 - float(np.exp(-max(0.0, cost))) for cost in nats]


def _apart(best: Sequence[int], candidates: Sequence[Candidate]) -> list[int]:
    """Put a row off while it is a near copy of one just before it; where all are, the best comes."""
    grams = {position: _grams(candidates[position].text) for position in best}
    waiting, placed = deque(best), list[int]()
    while waiting:
        recent = [grams[position] for position in placed[-RECENT:]]
        chosen = next(
            (
                position
                for position in islice(waiting, AHEAD)
                if not any(_are_near(grams[position], other) for other in recent)
            ),
            waiting[0],
        )
        waiting.remove(chosen)
        placed.append(chosen)
    return placed


def _grams(text: str) -> frozenset[str]:
    letters = " ".join(text[:LETTERS].casefold().split())
    return frozenset(letters[start : start + 3] for start in range(max(1, len(letters) - 2)))


def _are_near(one: frozenset[str], other: frozenset[str]) -> bool:
    if min(len(one), len(other)) < NEAR * max(len(one), len(other)):
        return False  # too unlike in length to share enough
    shared = len(one & other)
    return shared >= NEAR * (len(one) + len(other) - shared)
