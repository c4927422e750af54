"""Texts as they are compared with each other: folded, on a disk, and equal ones known."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from tunesmith.data.digests import first_equal
from tunesmith.data.shingles import END, FILLER, SHINGLE
from tunesmith.data.wording import digest, fold

BLOCK_BYTES = 2**16
"""Text that is worked on at once, so that what is computed from it stays in a core's own memory."""


@contextmanager
def folded(*parts: Iterable[str]) -> Iterator[Folded]:
    """Fold texts onto a disk, part after part; the file is gone afterwards."""
    with TemporaryFile() as file:
        yield Folded(file, parts)


class Folded:
    """Folded texts on a disk, each at least as long as a shingle; in memory are some 30 bytes for each.

    Texts are numbered through all parts, and `ends` says where each part ends. `distinct` are the numbers of
    those that equal no earlier one; `place` says for every text which of these it is equal to.
    """

    def __init__(self, file: IO[bytes], parts: Iterable[Iterable[str]]) -> None:
        self._file = file
        self.ends: list[int] = []
        starts = array("q", [0])
        first = first_equal(self._written(parts, starts))
        self._starts = np.frombuffer(starts, np.int64)
        self.distinct = np.flatnonzero(first == np.arange(len(first)))
        self.place = np.searchsorted(self.distinct, first)

    def __len__(self) -> int:
        return len(self.place)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The bytes of every text."""
        return np.diff(self._starts)

    def blocks(self) -> Iterator[NDArray[np.uint32]]:
        """Give the code points of distinct texts, each with END, about BLOCK_BYTES at a time, in order."""
        reached = np.cumsum(self.lengths[self.distinct])
        wanted = np.arange(BLOCK_BYTES, reached[-1:].sum(), BLOCK_BYTES)
        borders = np.unique(np.searchsorted(reached, wanted, "right"))
        for some in np.split(self.distinct, borders):
            if len(some):
                yield self.codes(some)

    def codes(self, numbers: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Give the code points of some texts, each with END."""
        return code_points(b"".join(map(self._read, numbers.tolist())))

    def _written(self, parts: Iterable[Iterable[str]], starts: array[int]) -> Iterator[bytes]:
        for part in parts:
            for text in map(fold, part):
                content = (text.ljust(SHINGLE, FILLER) + END).encode("utf-8", "surrogatepass")
                self._file.write(content)
                starts.append(starts[-1] + len(content))
                yield digest(text)
            self.ends.append(len(starts) - 1)

    def _read(self, number: int) -> bytes:
        start, end = self._starts[number : number + 2].tolist()
        self._file.seek(start)
        return self._file.read(end - start)


def code_points(content: bytes) -> NDArray[np.uint32]:
    """Give the number of each character of UTF-8 text."""
    wide = content.decode("utf-8", "surrogatepass").encode("utf-32-le", "surrogatepass")
    return np.frombuffer(wide, "<u4").astype(np.uint32, copy=False)
