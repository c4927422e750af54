"""Rows sorted into classes: how many each has, and which of them stay where only some can."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.errors import BadData
from tunesmith.core.example import Example
from tunesmith.data.classes import By, values
from tunesmith.data.wording import digest


class Sorted:
    """The classes of rows, as numbers in the order in which they first occur; a row has none, one or several.

    In memory are some 30 bytes for each row. Raises BadData where no row has a class; `where` is for the
    message.
    """

    def __init__(self, rows: Iterable[Example], by: By, column: str | None, where: str) -> None:
        self.names: list[str] = []
        self._keys = bytearray()
        self._classes, self._ends = array("i"), array("q", [0])
        known: dict[str, int] = {}
        for row in rows:
            self._keys += digest(f"{where}\n{row.whole}")[:8]
            self._classes.extend([known.setdefault(name, len(known)) for name in values(row, by, column)])
            self._ends.append(len(self._classes))
        if not known and len(self._ends) > 1:
            what = "a label" if by == "label" else f"a value in column {column!r}"
            raise BadData(
                f"data.clean.{where}: no row has {what}. Remove it, or choose what to look at with by=..."
            )
        self.names = list(known)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many rows each class has."""
        return np.bincount(np.array(self._classes, np.int64), minlength=len(self.names))

    def __iter__(self) -> Iterator[Sequence[int]]:
        return (self._classes[start:end] for start, end in pairwise(self._ends))

    def chosen(self, most: Sequence[int]) -> NDArray[np.bool_]:
        """Choose rows so that no class has more than its `most`; those without a class stay.

        The hash of what a row says decides, so it does not matter where it stands, and a row that is added
        displaces one of its class at most.
        """
        chosen = np.ones(len(self._ends) - 1, bool)
        taken = [0] * len(self.names)
        for number in np.argsort(np.frombuffer(self._keys, np.uint64), kind="stable").tolist():
            own = self._classes[self._ends[number] : self._ends[number + 1]]
            chosen[number] = all(taken[name] < most[name] for name in own)
            if chosen[number]:
                for name in own:
                    taken[name] += 1
        return chosen
