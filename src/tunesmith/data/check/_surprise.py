"""How unusually texts are written: how their words and letters surprise who has read all the others."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from tunesmith.data.features import ONE, Hashes, Numbers, Reader, batches, counted, cut, phrases, pieces

READERS: tuple[Reader, ...] = (pieces(3), phrases(1))
"""Runs of three bytes tell noise, markup and other scripts; words tell other languages and subjects."""

FEW = 10
"""Each text is taken to have so many average pieces more: a short one may be unusual by chance."""

LEAST_SPREAD = 0.1
"""Texts made from a template differ so little that every other wording were far out, in nats."""

MOST_CHARACTERS = 2_000
"""What a text has beyond that is not read; its length is that of all."""

_BITS = 20

Floats = NDArray[np.float64]


def strangeness(texts: Callable[[], Iterable[str]], parts: int) -> tuple[Floats, Floats]:
    """Say how many robust standard deviations the wording and the length of texts are from the middle.

    Each text is one of so many `parts` of a row, in turn, and is compared with the same part of the other
    rows. Its wording is the more surprising of its runs of letters and its words; without any it is -inf. Of
    lengths the logarithm counts, and shorter ones are below 0.
    """
    counts, lengths = _counts(texts(), parts)
    told = np.zeros((len(READERS), 2, len(lengths)))
    totals = counts.sum(axis=2, dtype=np.int64)
    done = 0
    for batch in batches(texts()):
        span = slice(done, done + len(batch))
        for number, reader in enumerate(READERS):
            told[number, :, span] = _surprises(
                reader(_short(batch)), range(done, done + len(batch)), counts[number], totals[number]
            )
        done += len(batch)
    wording = [[_strange(*own[:, part::parts]) for own in told] for part in range(parts)]
    size = [deviations(np.log1p(lengths[part::parts])) for part in range(parts)]
    return np.stack(np.max(wording, axis=1), axis=1).reshape(-1), np.stack(size, axis=1).reshape(-1)


def deviations(values: Floats) -> Floats:
    """Say how many robust standard deviations (1.4826 median absolute ones) values are above their median."""
    if not len(values):
        return values
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    return (values - middle) / max(float(spread), LEAST_SPREAD)


def _counts(texts: Iterable[str], parts: int) -> tuple[NDArray[np.uint32], Numbers]:
    """Count what each reader finds in each part, in 2**_BITS places; give also the length of every text."""
    counts = np.zeros((len(READERS), parts, 2**_BITS), np.uint32)
    lengths = array("q")
    for batch in batches(texts):
        for own, reader in zip(counts, READERS, strict=True):
            hashes, text = reader(_short(batch))
            part = (len(lengths) + text) % parts
            np.add.at(own.reshape(-1), part << _BITS | cut(hashes, _BITS), ONE)
        lengths.extend(map(len, batch))
    return counts, np.array(lengths)


def _short(texts: Iterable[str]) -> list[str]:
    return [text[:MOST_CHARACTERS] for text in texts]


def _surprises(
    read: tuple[Hashes, Numbers], numbers: range, counts: NDArray[np.uint32], totals: Numbers
) -> Floats:
    """Give the surprise of each text's pieces, each taken once, and how many they are: [2, texts].

    `numbers` are those of the texts among all. What only the text itself has counts as half a piece
    elsewhere.
    """
    text, place, count = counted(*read, bits=_BITS)
    part = (numbers.start + text) % len(counts)
    elsewhere = counts[part, place] - count
    sums = np.bincount(text, -np.log((elsewhere + 0.5) / totals[part]), len(numbers))
    return np.array([sums, np.bincount(text, minlength=len(numbers))], float)


def _strange(sums: Floats, pieces_of: Floats) -> Floats:
    told = pieces_of > 0
    found = np.full(len(sums), -np.inf)
    if told.any():
        average = np.median(sums[told] / pieces_of[told])
        found[told] = deviations((sums[told] + FEW * average) / (pieces_of[told] + FEW))
    return found
