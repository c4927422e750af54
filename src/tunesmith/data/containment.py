"""Find texts that stand inside longer ones: evaluation questions within training rows.

Of both only letters and digits count, as in the check that the GPT-4 report describes (OpenAI, 2023,
https://arxiv.org/abs/2303.08774, appendix C). A text is covered by the runs of RUN of them that a longer text
has as well, about seven English words, and is contained as far as it is covered; for Llama 2 (Touvron et al.,
2023, https://arxiv.org/abs/2307.09288, appendix A.6) it was runs of ten tokens. Here all must be in the same
longer text. What many of the texts share, such as an instruction, is evidence for none: what a text has to
itself must be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tunesmith.data.folded import BLOCK_BYTES, code_points
from tunesmith.data.shingles import END, mix
from tunesmith.data.wording import fold

RUN = 32
"""Letters and digits of a run, a power of 2. Shorter texts are not looked for."""

STEP = 8
"""Of a text that is looked for, every eighth run is, and the last one."""

SHARED_BY = 20
"""A run that more texts than this have in common is evidence for none of them."""

Numbers = NDArray[np.integer]
Hashes = NDArray[np.uint64]

_BASE = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Contained:
    """Texts, the longer texts that they stand in, and how much of them does: up to 1."""

    text: Numbers
    inside: Numbers
    share: NDArray[np.float64]


def contained(texts: Iterable[str], longer: Iterable[str], least: float) -> Contained:
    """Find the texts of which at least this share stands in one of the longer texts.

    In memory are some five bytes for each letter of `texts`, and a block of `longer`.
    """
    sought = _Sought(texts)
    found = [sought.found_in(runs, least) for runs in _runs(longer)]
    return Contained(
        np.concatenate([np.zeros(0, np.int64), *(some.text for some in found)]),
        np.concatenate([np.zeros(0, np.int64), *(some.inside for some in found)]),
        np.concatenate([np.zeros(0), *(some.share for some in found)]),
    )


@dataclass(frozen=True)
class _Runs:
    """Runs of letters: their hashes, the texts they are of, and the number of letters before each there."""

    hashes: Hashes
    texts: Numbers
    starts: Numbers

    def __getitem__(self, chosen: NDArray[np.integer | np.bool_]) -> _Runs:
        return _Runs(self.hashes[chosen], self.texts[chosen], self.starts[chosen])

    def letters(self) -> Numbers:
        """Count the letters that the runs of each text cover; runs are in order."""
        return np.bincount(self.texts, _new_letters(self.texts, self.starts)).astype(np.int64)


class _Sought:
    """The runs of the texts that are looked for: all in order, and those that few share sorted by hash."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.runs = _joined([_every(STEP, runs) for runs in _runs(texts)])
        self.ends = np.append(0, np.cumsum(np.bincount(self.runs.texts)))
        self.letters = self.runs.letters()
        own = self.runs[~_is_shared(self.runs)]
        self.own_letters = own.letters()
        self.own = own[np.argsort(own.hashes, kind="stable")]
        self._bits = min(max(16 * len(own.hashes), 2**16).bit_length(), 26)
        self._is_there = np.zeros(2**self._bits, bool)
        self._is_there[self._short(own.hashes)] = True

    def found_in(self, longer: _Runs, least: float) -> Contained:
        """Find texts in the longer ones that these runs are of: by their own runs first, then by all."""
        likely = longer[self._is_there[self._short(longer.hashes)]]
        start, end = (np.searchsorted(self.own.hashes, likely.hashes, side) for side in ("left", "right"))
        hits = self.own[_ranges(start, end)]
        found = _shares(hits, np.repeat(likely.texts, end - start), self.own_letters, least)
        start, end = self.ends[found.text], self.ends[found.text + 1]
        wanted, inside = self.runs[_ranges(start, end)], np.repeat(found.inside, end - start)
        there = longer[np.isin(longer.texts, found.inside)]
        is_there = np.isin(_placed(wanted.hashes, inside), _placed(there.hashes, there.texts))
        return _shares(wanted[is_there], inside[is_there], self.letters, least)

    def _short(self, hashes: Hashes) -> Hashes:
        return hashes >> np.uint64(64 - self._bits)


def _shares(runs: _Runs, inside: Numbers, letters: Numbers, least: float) -> Contained:
    """Say how much of each text was found in each longer one, where it is enough."""
    order = np.lexsort((runs.starts, runs.texts, inside))
    text, inside = runs.texts[order], inside[order]
    is_first = (np.diff(text, prepend=-1) != 0) | (np.diff(inside, prepend=-1) != 0)
    pair = np.cumsum(is_first) - 1
    text, inside = text[is_first], inside[is_first]
    share = np.bincount(pair, _new_letters(pair, runs.starts[order])) / letters[text]
    enough = share >= least
    return Contained(text[enough], inside[enough], share[enough])


def _new_letters(group: Numbers, start: Numbers) -> Numbers:
    """Count the letters that each run covers and the one before it, if it is of the same group, does not."""
    is_first = np.diff(group, prepend=-1) != 0
    return np.where(is_first, RUN, np.minimum(np.diff(start, prepend=0), RUN))


def _ranges(start: Numbers, end: Numbers) -> Numbers:
    """Give the numbers of all ranges, one range behind the other."""
    count = end - start
    return np.arange(count.sum()) + np.repeat(start - np.cumsum(count) + count, count)


def _placed(hashes: Hashes, texts: Numbers) -> Hashes:
    """Make hashes of different texts differ."""
    return mix(hashes + mix(texts.astype(np.uint64)))


def _is_shared(runs: _Runs) -> NDArray[np.bool_]:
    """Say of every run whether more than SHARED_BY texts have it."""
    order = np.lexsort((runs.texts, runs.hashes))
    is_new = np.diff(runs.hashes[order], prepend=~runs.hashes[order[:1]]) != 0
    is_of_other = is_new | (np.diff(runs.texts[order], prepend=-1) != 0)
    number = np.cumsum(is_new) - 1
    is_shared = np.empty(len(order), bool)
    is_shared[order] = (np.bincount(number, is_of_other) > SHARED_BY)[number]
    return is_shared


def _every(step: int, runs: _Runs) -> _Runs:
    """Keep some of the runs, and the last one of each text."""
    is_last = np.diff(runs.texts, append=-1) != 0
    kept = runs[is_last | (runs.starts % step == 0)]
    return _Runs(kept.hashes, kept.texts.astype(np.int32), kept.starts.astype(np.int32))


def _joined(parts: list[_Runs]) -> _Runs:
    return _Runs(
        np.concatenate([np.zeros(0, np.uint64), *(part.hashes for part in parts)]),
        np.concatenate([np.zeros(0, np.int32), *(part.texts for part in parts)]),
        np.concatenate([np.zeros(0, np.int32), *(part.starts for part in parts)]),
    )


def _runs(texts: Iterable[str]) -> Iterator[_Runs]:
    """Give all runs of some texts at a time, in order."""
    done = 0
    for content in _blocks(texts):
        codes = code_points(content)
        codes = codes[_counts()[codes]]
        hashes, width = mix(codes.astype(np.uint64)), 1
        while width < RUN:  # a run twice as long is two runs, one behind the other
            hashes = hashes[:-width] * np.uint64(pow(_BASE, width, 2**64)) + hashes[width:]
            width *= 2
        ends = np.flatnonzero(codes == ord(END))
        begins = np.append(0, ends[:-1] + 1)
        counts = np.maximum(ends - begins - RUN + 1, 0)
        text = np.repeat(np.arange(len(ends)), counts)
        places = _ranges(begins, begins + counts)
        yield _Runs(mix(hashes[places]), text + done, places - begins[text])
        done += len(ends)


def _blocks(texts: Iterable[str]) -> Iterator[bytes]:
    """Put folded texts together, each with END, until there are BLOCK_BYTES."""
    block = bytearray()
    for text in texts:
        block += f"{fold(text)}{END}".encode("utf-8", "surrogatepass")
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


@cache
def _counts() -> NDArray[np.bool_]:
    """Say of every code point whether it is a letter, a digit, or END."""
    return np.array([chr(code).isalnum() or chr(code) == END for code in range(0x110000)])
