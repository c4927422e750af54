"""Texts as numbers: words, phrases and pieces of words as hashes, which need no vocabulary in memory.

A hash is that of Karp and Rabin (1987, https://doi.org/10.1147/rd.312.0249), a polynomial of the bytes modulo
2**64: with its sums up to every byte, the hash of any stretch of text is one subtraction and one product.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MOST_BYTES = 2**18
"""How much text is in memory at once; what one text has beyond that is not looked at."""

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]

_IDEOGRAPH = re.compile("[\u2e80-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
"""Letters of scripts that put no space between words: each is a word."""

_STEP = 0x9E3779B97F4A7C15
"""An odd number whose products spread over all 64 bits: 2**64 divided by the golden ratio."""


@dataclass(frozen=True)
class Words:
    """The words of some texts in order: their hashes, the texts they stand in, and their spans of bytes.

    A word is a run of letters and digits, or a run of other signs. Small and capital letters are the same.
    """

    content: bytes
    hashes: Hashes
    texts: Numbers
    starts: Numbers
    ends: Numbers

    def phrases(self, length: int) -> tuple[Hashes, Numbers]:
        """Give the hash of every run of so many words in one text, and the number of its first word."""
        count = len(self.hashes) - length + 1
        if count <= 0:
            return self.hashes[:0], self.starts[:0]
        whole = self.hashes[:count]
        for place in range(1, length):
            whole = spread(whole + np.uint64(place)) + self.hashes[place : place + count]
        first = np.flatnonzero(self.texts[:count] == self.texts[length - 1 :])
        return whole[first], first

    def read(self, first: int, length: int) -> str:
        """Give a run of words as it is written, in small letters."""
        return self.content[self.starts[first] : self.ends[first + length - 1]].decode("utf-8", "replace")


def batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Put texts together until there are MOST_BYTES characters; longer ones are cut."""
    batch: list[str] = []
    size = 0
    for text in texts:
        short = text[: MOST_BYTES // 4]  # a character has at most four bytes
        if batch and size + len(short) > MOST_BYTES // 4:
            yield batch
            batch, size = [], 0
        batch.append(short)
        size += len(short)
    if batch:
        yield batch


def words(texts: Sequence[str]) -> Words:
    """Find the words of one batch."""
    content, borders = _joined(texts)
    kinds = _kinds()[content]
    changes = np.flatnonzero(kinds[1:] != kinds[:-1]) + 1
    starts, ends = changes[:-1], changes[1:]  # the content begins and ends with a space
    is_word = kinds[starts] > 0
    starts, ends = starts[is_word], ends[is_word]
    sums = _sums(content)
    hashes = spread((sums[ends] - sums[starts]) * _powers(backwards=True)[starts])
    return Words(content.tobytes(), hashes, np.searchsorted(borders, starts, "right") - 1, starts, ends)


def pieces(texts: Sequence[str], length: int) -> tuple[Hashes, Numbers]:
    """Give the hash of every run of so many bytes in the texts of one batch, and the text it stands in."""
    content, borders = _joined([f" {' '.join(text.split())} " for text in texts])
    sums = _sums(content)
    count = max(len(sums) - length, 0)
    hashes = spread((sums[length:] - sums[:count]) * _powers(backwards=True)[:count])
    inside = [np.arange(start, end - length) for start, end in pairwise(borders)]
    places = np.concatenate([np.zeros(0, np.int64), *inside])
    return hashes[places], np.repeat(np.arange(len(inside)), [len(own) for own in inside])


def spread(hashes: Hashes) -> Hashes:
    """Mix hashes, so that each of their bits depends on all others."""
    mixed = (hashes ^ (hashes >> np.uint64(32))) * np.uint64(_STEP)
    return mixed ^ (mixed >> np.uint64(29))


def _joined(texts: Sequence[str]) -> tuple[NDArray[np.uint8], Numbers]:
    """Write texts behind each other, a line end before, between and behind them; say where each begins."""
    parts = [_spaced(text.lower()).encode("utf-8", "surrogatepass") for text in texts]
    borders = np.cumsum([1, *(len(part) + 1 for part in parts)])
    return np.frombuffer(b"\n".join([b"", *parts, b""]), np.uint8), borders


def _spaced(text: str) -> str:
    return text if text.isascii() else _IDEOGRAPH.sub(r" \g<0> ", text)


def _sums(content: NDArray[np.uint8]) -> Hashes:
    sums = np.zeros(len(content) + 1, np.uint64)
    np.cumsum(_letters()[content] * _powers()[: len(content)], out=sums[1:])
    return sums


@cache
def _powers(*, backwards: bool = False) -> Hashes:
    """Give the powers of an odd number modulo 2**64, or of its inverse."""
    root = pow(_STEP, -1, 2**64) if backwards else _STEP
    powers = np.full(2 * MOST_BYTES, root, np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)


@cache
def _letters() -> Hashes:
    """Give each byte a number of 64 bits."""
    return spread(spread(np.arange(1, 257, dtype=np.uint64) * np.uint64(_STEP)))


@cache
def _kinds() -> NDArray[np.uint8]:
    """Say of each byte whether it is a space (0), a letter or digit (1), or another sign (2)."""
    kinds = np.full(256, 2, np.uint8)
    kinds[:33] = 0
    kinds[127] = 0
    kinds[128:] = 1
    kinds[[byte for byte in range(128) if chr(byte).isalnum() or chr(byte) in "_'"]] = 1
    return kinds
