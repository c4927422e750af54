"""Examples on a disk: written one after the other, then read in order or by number, as often as wanted."""

import json
import mmap
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from tunesmith.core.example import Example, Message, Place, ToolCall

_ENDS = ".ends"
"""Suffix of the file beside the rows that says where each of them ends."""


class Rows(Sequence[Example]):
    """Examples that lie on a disk; one is in memory at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ends: NDArray[np.int64] = np.fromfile(path.with_suffix(_ENDS), np.int64)
        with path.open("rb") as file:  # a map outlives its file's name, so nobody can take the rows away
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if len(self._ends) else b""

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, number: int) -> Example: ...
    @overload
    def __getitem__(self, number: slice) -> list[Example]: ...
    def __getitem__(self, number: int | slice) -> Example | list[Example]:
        if isinstance(number, slice):
            return [self[position] for position in range(*number.indices(len(self)))]
        position = range(len(self))[number]
        start = int(self._ends[position - 1]) if position else 0
        return _read(self._bytes[start : int(self._ends[position])])

    def __iter__(self) -> Iterator[Example]:
        start = 0
        for end in self._ends:
            yield _read(self._bytes[start:end])
            start = end


class RowWriter:
    """Writes examples to a new file; `close` gives them back as Rows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self._ends = path.with_suffix(_ENDS).open("wb")
        self._waiting: list[int] = []
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with closing(self._ends), closing(self._file):  # both are closed, also where the disk is full
            if not self._ends.closed:
                self._flush()

    def add(self, example: Example) -> None:
        """Write one example behind the others."""
        content = _write(example)
        self._file.write(content)
        self._end += len(content)
        self._waiting.append(self._end)
        if len(self._waiting) == 2**16:
            self._flush()

    def close(self) -> Rows:
        """Finish writing, and open what was written."""
        self.__exit__(None, None, None)
        return Rows(self.path)

    @staticmethod
    def remove(path: Path) -> None:
        """Remove rows that were written; whoever has them open keeps them."""
        path.unlink()
        path.with_suffix(_ENDS).unlink()

    def _flush(self) -> None:
        np.array(self._waiting, np.int64).tofile(self._ends)
        self._waiting.clear()


class Joined(Sequence[Example]):
    """Several sequences of examples, one behind the other."""

    def __init__(self, *parts: Sequence[Example]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @overload
    def __getitem__(self, number: int) -> Example: ...
    @overload
    def __getitem__(self, number: slice) -> list[Example]: ...
    def __getitem__(self, number: int | slice) -> Example | list[Example]:
        if isinstance(number, slice):
            return [self[position] for position in range(*number.indices(len(self)))]
        position = range(len(self))[number]
        for part in self._parts:
            if position < len(part):
                return part[position]
            position -= len(part)
        raise IndexError(number)

    def __iter__(self) -> Iterator[Example]:
        for part in self._parts:
            yield from part


def saying(example: Example) -> list[Any]:
    """Give all that a row says, as plain JSON types: not where it stands, nor what is not learned from."""
    return [
        [_turn(turn) for turn in example.messages],
        example.text,
        example.labels,
        [_turn(turn) for turn in example.rejected],
        example.value,
        example.wanted,
        example.tools,
    ]


def _write(example: Example) -> bytes:
    """Write a row as a JSON list, its values in the order of the card."""
    place = example.place
    values: list[Any] = [
        [place.file, place.line, place.byte],
        *saying(example),
        dict(example.fields),
        example.source,
        example.times,
        example.made_by,
    ]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _turn(turn: Message) -> list[Any]:
    known = [turn.role, turn.content, turn.weight]
    if not (turn.reasoning or turn.tool_calls or turn.name or turn.call):
        return known
    calls = [[call.name, call.arguments, call.id] for call in turn.tool_calls]
    return [*known, turn.reasoning, calls, turn.name, turn.call]


def _read(content: bytes) -> Example:
    place, messages, text, labels, rejected, *others = from_json(content)
    return Example(
        Place(*place),
        tuple(map(_message, messages)),
        text,
        tuple(labels),
        tuple(map(_message, rejected)),
        *others,
    )


def _message(values: list[Any]) -> Message:
    role, content, weight, *more = values
    if not more:
        return Message(role, content, weight)
    reasoning, calls, name, call = more
    return Message(role, content, weight, reasoning, tuple(ToolCall(*made) for made in calls), name, call)
