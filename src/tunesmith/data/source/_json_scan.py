"""Walk over JSON values (RFC 8259) without parsing them: only brackets and strings are looked at.

Takes constant memory, whatever the size of file and value. A value that is not valid JSON is passed like any
other, as long as its brackets and quotes are closed.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn

from tunesmith.core.errors import BadData
from tunesmith.core.example import Place
from tunesmith.data.source._lines import LINE_BYTES
from tunesmith.data.source._refused import excerpt

CHUNK_BYTES = 1024 * 1024

_IN_STRING = rb'[^"\\]*+(?:\\.[^"\\]*+)*+'
_OUTSIDE = rb'(?:[^"\[\]{}]++|"%s")*+' % _IN_STRING

_STRING_PART = re.compile(_IN_STRING, re.DOTALL)
_TO_THE_END = re.compile(_OUTSIDE, re.DOTALL)
_TO_BRACKET = re.compile(_OUTSIDE + rb"([\[\]{}])", re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_SCALAR = re.compile(rb"[^,\[\]{}: \t\r\n]*+")


class Value(NamedTuple):
    """One value: its first line from 1, its first byte, and its bytes, cut after LINE_BYTES + 1."""

    line: int
    byte: int
    content: bytes


class Scanner:
    """A position in a file of JSON; it only moves forwards, but for `move_to`."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self._buffer, self._start, self._at, self.line = b"", file.tell(), 0, 1

    @property
    def byte(self) -> int:
        """The position, from the beginning of the file."""
        return self._start + self._at

    def peek(self) -> bytes:
        """Pass white space, and give the next byte without passing it; nothing at the end of the file."""
        while True:
            end = _end(_SPACE, self._buffer, self._at)
            self.line += self._buffer.count(b"\n", self._at, end)
            self._at = end
            if end < len(self._buffer) or not self._read_more():
                return self._buffer[self._at : self._at + 1]

    def take(self, expected: bytes) -> bool:
        """Pass the next byte, white space aside, if it is the expected one."""
        if self.peek() != expected:
            return False
        self._at += 1
        return True

    def value(self) -> Value:
        """Pass the next value and give it: of no bytes where there is none, cut where it is too long."""
        nested = self.peek() in (b"{", b"[", b'"')
        line, byte, kept = self.line, self.byte, b""
        for piece in self._nested() if nested else self._scalar():
            kept += piece[: LINE_BYTES + 1 - len(kept)]
            self.line += piece.count(b"\n")
        return Value(line, byte, kept)

    def move_to(self, line: int, byte: int) -> None:
        """Go to a place that was passed before."""
        self._buffer, self._start, self._at, self.line = b"", byte, 0, line
        self._file.seek(byte)

    def fail(self, what: str, remedy: str) -> NoReturn:
        """Say why the file cannot be read from here on."""
        found = excerpt(self._buffer[self._at : self._at + 40].decode(errors="backslashreplace"))
        place = Place(str(self._path), self.line, self.byte)
        raise BadData(f"{place}: {what}{f', found {found}' if found else ''}. {remedy}")

    def _nested(self) -> Iterator[bytes]:
        """Pass a list, an object or a string, and give its pieces."""
        line, byte = self.line, self.byte
        in_string = self.peek() == b'"'
        depth, position, closed = 0, self._at + in_string, False
        while not closed:
            position, depth, in_string, closed = _walk(self._buffer, position, depth, in_string)
            piece = self._buffer[self._at : position]
            self._at = position
            yield piece
            if not closed and not self._read_more():
                self.move_to(line, byte)
                self.peek()
                self.fail(
                    "a bracket or quote is opened and never closed", "Close it; the file may be cut off."
                )
            position = position if closed else self._at

    def _scalar(self) -> Iterator[bytes]:
        """Pass a number or a word, and give its pieces."""
        while True:
            end = _end(_SCALAR, self._buffer, self._at)
            piece = self._buffer[self._at : end]
            self._at = end
            yield piece
            if end < len(self._buffer) or not self._read_more():
                return

    def _read_more(self) -> bool:
        """Let go of what was passed, and read on; False at the end of the file."""
        chunk = self._file.read(CHUNK_BYTES)
        self._start += self._at
        self._buffer, self._at = self._buffer[self._at :] + chunk, 0
        return bool(chunk)


def _walk(buffer: bytes, position: int, depth: int, in_string: bool) -> tuple[int, int, bool, bool]:
    """Go on to where the value closes or the buffer ends; gives position, depth, in_string and closed."""
    if in_string:
        position = _end(_STRING_PART, buffer, position)
        if buffer[position : position + 1] != b'"':
            return position, depth, True, False
        position += 1
        if not depth:
            return position, 0, False, True
    while found := _TO_BRACKET.match(buffer, position):
        position = found.end()
        depth += 1 if found[1] in b"[{" else -1
        if not depth:
            return position, 0, False, True
    position = _end(_TO_THE_END, buffer, position)
    if position == len(buffer):
        return position, depth, False, False
    return _end(_STRING_PART, buffer, position + 1), depth, True, False


def _end(pattern: re.Pattern[bytes], buffer: bytes, position: int) -> int:
    found = pattern.match(buffer, position)
    assert found  # every pattern fits nothing, too
    return found.end()
