"""Token sequences on a disk: written row by row, then read by number, mapped into memory."""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.cards import Encoded
from tunesmith.core.ledger import SplitCount

ROWS_AT_ONCE = 4096
"""Rows that wait in memory before they are written."""

_COLUMNS = {
    "ids": np.int32,
    "ends": np.int64,  # where each sequence's ids end
    "lost": np.int64,
    "run-weights": np.float32,  # weights, as runs of equal ones
    "run-lengths": np.int32,
    "run-ends": np.int64,  # where each sequence's runs end
    "targets": np.float64,
    "target-ends": np.int64,
    "source": np.int32,
    "source-ends": np.int64,
    "second": np.int32,
    "row-ends": np.int64,  # where each row's sequences end
    "names": np.uint8,
    "name-ends": np.int64,
}
"""What a folder of token sequences holds: one flat array in each file."""


class TokenWriter:
    """Writes the token sequences of rows into an empty folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._files = {name: (folder / name).open("wb") for name in _COLUMNS}
        self._ends = Counter[str]()
        self._waiting: list[tuple[str, Sequence[Encoded]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as files:  # all are closed, also where the disk is full
            for file in self._files.values():
                files.enter_context(closing(file))
            if not self._files["ids"].closed:
                self._flush()

    def add(self, name: str, sequences: Sequence[Encoded]) -> None:
        """Write the sequences of one row behind the others."""
        self._waiting.append((name, sequences))
        if len(self._waiting) == ROWS_AT_ONCE:
            self._flush()

    def close(self) -> "Tokens":
        """Finish writing, and open what was written."""
        self.__exit__(None, None, None)
        return Tokens(self.folder)

    def _flush(self) -> None:
        sequences = [sequence for _, row in self._waiting for sequence in row]
        lengths = [len(sequence) for sequence in sequences]
        weights, runs, each = _runs(_joined([one.weights for one in sequences], np.float32), lengths)
        names = [name.encode() for name, _ in self._waiting]
        self._append("ids", _joined([sequence.ids for sequence in sequences], np.int32))
        self._append("lost", np.array([sequence.lost for sequence in sequences], np.int64))
        self._append("targets", _joined([sequence.targets for sequence in sequences], np.float64))
        self._append("source", _joined([sequence.source for sequence in sequences], np.int32))
        self._append("second", np.array([sequence.second for sequence in sequences], np.int32))
        self._append("run-weights", weights)
        self._append("run-lengths", runs)
        self._append("names", np.frombuffer(b"".join(names), np.uint8))
        self._append_ends("ends", "ids", lengths)
        self._append_ends("target-ends", "targets", [len(sequence.targets) for sequence in sequences])
        self._append_ends("source-ends", "source", [len(sequence.source) for sequence in sequences])
        self._append_ends("run-ends", "run-lengths", each)
        self._append_ends("row-ends", "ends", [len(row) for _, row in self._waiting])
        self._append_ends("name-ends", "names", [len(name) for name in names])
        self._waiting.clear()

    def _append(self, column: str, values: NDArray[Any]) -> None:
        values.tofile(self._files[column])

    def _append_ends(self, column: str, of: str, lengths: list[int]) -> None:
        ends = self._ends[of] + np.cumsum(lengths, dtype=np.int64)
        self._ends[of] += sum(lengths)
        self._append(column, ends)


class Tokens(Sequence[list[Encoded]]):
    """The token sequences of rows that lie on a disk, a list for each row; keys are the rows' names."""

    def __init__(self, folder: Path) -> None:
        self._columns = {name: _mapped(folder / name, dtype) for name, dtype in _COLUMNS.items()}

    def __len__(self) -> int:
        return len(self._columns["row-ends"])

    @overload
    def __getitem__(self, number: int) -> list[Encoded]: ...
    @overload
    def __getitem__(self, number: slice) -> list[list[Encoded]]: ...
    def __getitem__(self, number: int | slice) -> list[Encoded] | list[list[Encoded]]:
        if isinstance(number, slice):
            return [self[position] for position in range(*number.indices(len(self)))]
        position = range(len(self))[number]
        start, end = self._span("row-ends", position)
        name = self._name(position)
        return [self._sequence(place, name) for place in range(start, end)]

    def account(self) -> SplitCount:
        """Count rows, and tokens by what they are worth."""
        learned = self._columns["run-weights"] != 0
        lengths = self._columns["run-lengths"]
        trained = int(lengths[learned].sum(dtype=np.int64))
        masked = int(lengths.sum(dtype=np.int64)) - trained + len(self._columns["source"])
        return SplitCount(len(self), trained, masked, int(self._columns["lost"].sum()))

    def flat(self, times: NDArray[np.int64] | None = None) -> "Sequences":
        """Give all sequences in order, those of each row `times` after each other; unset: once."""
        ends = self._columns["row-ends"]
        each = np.diff(ends, prepend=0)
        rows = np.arange(len(self))
        shown = rows if times is None else np.repeat(rows, times)
        before = np.cumsum(each[shown]) - each[shown]
        places = np.arange(int(each[shown].sum())) + np.repeat((ends - each)[shown] - before, each[shown])
        return Sequences(self, places, np.repeat(rows, each))

    def sequence(self, place: int, row: int) -> Encoded:
        """Give one sequence by its place among all; it belongs to this row."""
        return self._sequence(place, self._name(row))

    def lengths(self) -> NDArray[np.int64]:
        """Give the length of every sequence in tokens, what is read before it included."""
        return np.diff(self._columns["ends"] + self._columns["source-ends"], prepend=0)

    def highest(self) -> int:
        """Give the highest token id; -1 where there is none."""
        return int(self._columns["ids"].max(initial=-1))

    def _sequence(self, place: int, name: str) -> Encoded:
        start, end = self._span("ends", place)
        first, last = self._span("run-ends", place)
        lengths = self._columns["run-lengths"][first:last]
        weights = np.repeat(self._columns["run-weights"][first:last], lengths)
        ids = array("i", self._columns["ids"][start:end].tobytes())
        targets, source = (
            self._columns[column][slice(*self._span(ends, place))].tobytes()
            for column, ends in (("targets", "target-ends"), ("source", "source-ends"))
        )
        return Encoded(
            ids,
            array("f", weights.tobytes()),
            name,
            int(self._columns["lost"][place]),
            array("d", targets),
            array("i", source),
            int(self._columns["second"][place]),
        )

    def _name(self, row: int) -> str:
        start, end = self._span("name-ends", row)
        return self._columns["names"][start:end].tobytes().decode()

    def _span(self, column: str, position: int) -> tuple[int, int]:
        ends = self._columns[column]
        return (int(ends[position - 1]) if position else 0), int(ends[position])


@dataclass(frozen=True)
class Sequences(Sequence[Encoded]):
    """Single token sequences in the order of `places`; `rows` says to which row each place belongs."""

    tokens: Tokens
    places: NDArray[np.int64]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, number: int) -> Encoded: ...
    @overload
    def __getitem__(self, number: slice) -> list[Encoded]: ...
    def __getitem__(self, number: int | slice) -> Encoded | list[Encoded]:
        if isinstance(number, slice):
            return [self[position] for position in range(*number.indices(len(self)))]
        place = int(self.places[number])
        return self.tokens.sequence(place, int(self.rows[place]))

    def lengths(self) -> list[int]:
        """Give the length of every sequence in tokens."""
        return self.tokens.lengths()[self.places].tolist()

    def __iter__(self) -> Iterator[Encoded]:
        for position in range(len(self)):
            yield self[position]


def _runs(
    weights: NDArray[np.float32], lengths: Sequence[int]
) -> tuple[NDArray[np.float32], NDArray[np.int32], list[int]]:
    """Write weights as runs of equal ones: their values and lengths, and how many runs each sequence has."""
    begins = np.diff(weights, prepend=np.float32(np.nan)) != 0  # nan differs from all others
    ends = np.cumsum(lengths, dtype=np.int64)
    begins[ends[ends < len(weights)]] = True  # no run goes on into the next sequence
    starts = np.flatnonzero(begins)
    each = np.diff(np.searchsorted(starts, ends), prepend=0)
    return weights[starts], np.diff(starts, append=len(weights)).astype(np.int32), each.tolist()


def _joined(parts: Sequence[Any], dtype: Any) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *(np.asarray(part, dtype) for part in parts)])


def _mapped(path: Path, dtype: Any) -> NDArray[Any]:
    if not path.stat().st_size:  # nothing cannot be mapped
        return np.zeros(0, dtype)
    return np.asarray(np.memmap(path, dtype, mode="r"))  # a plain array: a slice of a memmap is slow
