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
"""Text that is worked on at once: what is computed from it fits into a core's own memory."""


@contextmanager
def folded(texts: Iterable[str]) -> Iterator[Folded]:
    """Fold texts onto a disk; the file is gone afterwards."""
    with TemporaryFile() as file:
        yield Folded(file, texts)


class Folded:
    """Folded texts on a disk, each at least as long as a shingle; in memory are 24 bytes for each.

    `first` says for every text which is the first one equal to it, `distinct` which are equal to none before.
    """

    def __init__(self, file: IO[bytes], texts: Iterable[str]) -> None:
        self._file = file
        starts = array("q", [0])
        self.first = first_equal(self._written(texts, starts))
        self._starts = np.frombuffer(starts, np.int64)
        self.distinct = np.flatnonzero(self.first == np.arange(len(self.first)))

    def __len__(self) -> int:
        return len(self.first)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The bytes of every text."""
        return np.diff(self._starts)

    def blocks(self) -> Iterator[NDArray[np.uint32]]:
        """Give the code points of distinct texts, each with END, about BLOCK_BYTES at a time, in order."""
        reached = np.cumsum(self.lengths[self.distinct])
        borders = np.searchsorted(reached, np.arange(BLOCK_BYTES, reached[-1:].sum(), BLOCK_BYTES), "right")
        for some in np.split(self.distinct, np.unique(borders)):
            if len(some):
                yield self.codes(some)

    def codes(self, numbers: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Give the code points of some texts, each with END."""
        content = b"".join(map(self._read, numbers.tolist()))
        wide = content.decode("utf-8", "surrogatepass").encode("utf-32-le", "surrogatepass")
        return np.frombuffer(wide, np.uint32)

    def _written(self, texts: Iterable[str], starts: array[int]) -> Iterator[bytes]:
        for text in map(fold, texts):
            content = (text.ljust(SHINGLE, FILLER) + END).encode("utf-8", "surrogatepass")
            self._file.write(content)
            starts.append(starts[-1] + len(content))
            yield digest(text)

    def _read(self, number: int) -> bytes:
        start, end = self._starts[number : number + 2].tolist()
        self._file.seek(start)
        return self._file.read(end - start)
