"""Texts as numbers: words, phrases and pieces of words as hashes, which need no vocabulary in memory.

A hash is a polynomial of bytes modulo 2**64 (Karp and Rabin, 1987, https://doi.org/10.1147/rd.312.0249): with
the sums up to every byte, that of any stretch of text is one subtraction and one product.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.example import Example
from tunesmith.data.wording import question

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_CHARACTERS = 2**16
"""How many characters are in memory at once; what one text has beyond that is not looked at."""

ONE = np.uint32(1)
"""What counts are raised by: added to a table of the same type, it takes a hundredth of the time."""

BITS = 18
"""How many bits of a hash name a column of features."""

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]
Reader = Callable[[Sequence[str]], tuple[Hashes, Numbers]]
"""Gives hashes of what stands in the texts of a batch, and the number of the text for each."""

_STEP = 0x9E3779B97F4A7C15
"""An odd number whose products spread over all 64 bits: 2**64 divided by the golden ratio."""

_IDEOGRAPH = re.compile("[\u2e80-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
"""Letters of scripts that put no space between words: each is a word."""


def asked(row: Example) -> str:
    """Give what a row is told apart by: what it asks; for raw text, the text."""
    return question(row) if row.messages else row.text


def batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Put texts together until there are MOST_CHARACTERS; longer ones are cut."""
    batch: list[str] = []
    size = 0
    for text in texts:
        short = text[:MOST_CHARACTERS]
        if batch and size + len(short) > MOST_CHARACTERS:
            yield batch
            batch, size = [], 0
        batch.append(short)
        size += len(short) + 1
    if batch:
        yield batch


@dataclass(frozen=True)
class Words:
    """The words of a batch of texts in order: hashes, the texts they stand in, and their spans of bytes.

    A word is a run of letters and digits, or a run of other signs. Small and capital letters are the same.
    """

    content: bytes
    hashes: Hashes
    texts: Numbers
    starts: Numbers
    ends: Numbers

    def phrases(self, length: int) -> tuple[Hashes, Numbers]:
        """Give the hash of every run of so many words in one text, and the number of its first word."""
        count = max(len(self.hashes) - length + 1, 0)
        whole = self.hashes[:count] + np.uint64(length)
        for place in range(1, length):
            whole = spread(whole) + self.hashes[place : place + count]
        first = np.flatnonzero(self.texts[:count] == self.texts[length - 1 :][:count])
        return spread(whole[first]), first

    def read(self, first: int, length: int) -> str:
        """Give a run of words as it is written, in small letters."""
        written = self.content[self.starts[first] : self.ends[first + length - 1]]
        return written.decode("utf-8", "surrogatepass")


def words(texts: Sequence[str]) -> Words:
    """Find the words of one batch."""
    content, borders = _joined(texts)
    kinds = _kinds()[content]
    changes = np.flatnonzero(kinds[1:] != kinds[:-1]) + 1
    starts, ends = changes[:-1], changes[1:]  # the content begins and ends with a space
    is_word = kinds[starts] > 0
    starts, ends = starts[is_word], ends[is_word]
    hashes = _stretches(content, starts, ends)
    return Words(content.tobytes(), hashes, np.searchsorted(borders, starts, "right") - 1, starts, ends)


def phrases(length: int) -> Reader:
    """Give a reader of all runs of so many words."""

    def read(texts: Sequence[str]) -> tuple[Hashes, Numbers]:
        found = words(texts)
        hashes, first = found.phrases(length)
        return hashes, found.texts[first]

    return read


def pieces(length: int) -> Reader:
    """Give a reader of all runs of so many bytes, at most 8; every text stands between two spaces."""

    def read(texts: Sequence[str]) -> tuple[Hashes, Numbers]:
        content, borders = _joined([f" {' '.join(text.split())} " for text in texts])
        runs = np.zeros(max(len(content) - length + 1, 0), np.uint64)
        for place in range(length):
            runs = runs << np.uint64(8) | content[place : place + len(runs)]
        sizes = np.diff(borders)
        text = np.repeat(np.arange(len(texts)), sizes)[: len(runs) - 1]
        starts = np.arange(1, len(text) + 1)
        inside = starts + length < borders[text + 1]  # the line end behind a text is no part of it
        return spread(spread(runs[1:][: len(text)][inside])), text[inside]

    return read


def counted(hashes: Hashes, texts: Numbers, bits: int) -> tuple[Numbers, Numbers, Numbers]:
    """Count how often each text has each hash, cut to its first bits: texts in order, hashes, counts."""
    keys = np.sort(texts << bits | cut(hashes, bits))
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[first] >> bits, keys[first] & (2**bits - 1), np.diff(first, append=len(keys))


def cut(hashes: Hashes, bits: int) -> Numbers:
    """Give the first bits of hashes as numbers from 0 on."""
    return (hashes >> np.uint64(64 - bits)).astype(np.int64)


def tfidf(texts: Sequence[str], readers: Sequence[Reader], least: int = 2) -> csr_array[Any]:
    """Weigh what the readers find by how seldom it is: a row of length 1 for each text.

    What stands in fewer than `least` texts tells too little about others, and is left out. Counts c weigh
    1 + log c; what n of N texts have weighs 1 + log((N + 1) / (n + 1)) (Salton and Buckley, 1988,
    https://doi.org/10.1016/0306-4573(88)90021-0).
    """
    from scipy.sparse import csr_array

    found: list[tuple[Numbers, Numbers, Numbers]] = []
    done = 0
    for batch in batches(texts):
        read = [reader(batch) for reader in readers]
        row, column, count = counted(*(np.concatenate(part) for part in zip(*read, strict=True)), bits=BITS)
        found.append((row + done, column, count))
        done += len(batch)
    rows, columns, counts = (np.concatenate(part) for part in zip(*found, strict=True))
    spread_over = np.bincount(columns, minlength=2**BITS)
    is_shared = spread_over >= least
    kept = is_shared[columns]
    rows, columns, counts = rows[kept], columns[kept], counts[kept]
    weights = (1 + np.log(counts)) * (1 + np.log((done + 1) / (spread_over[columns] + 1)))
    lengths = np.sqrt(np.bincount(rows, weights**2, done))
    values = (weights / lengths[rows]).astype(np.float32)
    place = np.cumsum(is_shared) - 1
    return csr_array((values, (rows, place[columns])), shape=(done, int(is_shared.sum())))


def spread(hashes: Hashes) -> Hashes:
    """Mix hashes, so that each of their bits depends on many others."""
    mixed = (hashes ^ (hashes >> np.uint64(32))) * np.uint64(_STEP)
    return mixed ^ (mixed >> np.uint64(29))


def _joined(texts: Sequence[str]) -> tuple[NDArray[np.uint8], Numbers]:
    """Write texts behind each other, a line end before, between and behind them; say where each begins."""
    parts = [_spaced(text.lower()).encode("utf-8", "surrogatepass") for text in texts]
    borders = np.cumsum([1, *(len(part) + 1 for part in parts)])
    return np.frombuffer(b"\n".join([b"", *parts, b""]), np.uint8), borders


def _spaced(text: str) -> str:
    return text if text.isascii() else _IDEOGRAPH.sub(r" \g<0> ", text)


def _stretches(content: NDArray[np.uint8], starts: Numbers, ends: Numbers) -> Hashes:
    sums = np.zeros(len(content) + 1, np.uint64)
    np.cumsum(_letters()[content] * _powers()[: len(content)], out=sums[1:])
    return spread((sums[ends] - sums[starts]) * _powers(backwards=True)[starts])


@cache
def _powers(*, backwards: bool = False) -> Hashes:
    """Give the powers of an odd number modulo 2**64, or of its inverse, for the bytes of any batch."""
    root = pow(_STEP, -1, 2**64) if backwards else _STEP
    powers = np.full(8 * MOST_CHARACTERS, root, np.uint64)  # a letter of four bytes may get two spaces
    powers[0] = 1
    return np.multiply.accumulate(powers)


@cache
def _letters() -> Hashes:
    """Give each byte a number of 64 bits."""
    return spread(spread(np.arange(1, 257, dtype=np.uint64) * np.uint64(_STEP)))


@cache
def _kinds() -> NDArray[np.uint8]:
    """Say of each byte whether it is a space (0), of a letter or digit (1), or another sign (2)."""
    kinds = np.full(256, 2, np.uint8)
    kinds[:33] = 0
    kinds[127] = 0
    kinds[128:] = 1
    kinds[[byte for byte in range(128) if chr(byte).isalnum() or chr(byte) in "_'"]] = 1
    return kinds
