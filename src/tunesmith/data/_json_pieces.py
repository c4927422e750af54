"""Take a file of JSON objects apart, whether they stand on lines of their own, on one line, or on many."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from tunesmith.data._loose_json import Doubt, rewrite
from tunesmith.data._pieces import BLANK, Piece, cleaned, given_up
from tunesmith.data.source._json_rows import rows
from tunesmith.data.source._lines import LINE_BYTES, lines, opened
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._strict_json import parse_object

_HOPELESS = ("line too long", "not UTF-8")
_LOST_CHARACTER = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_BEGINS = re.compile(r"[\s,\[\ufeff]*+\{")
_TEXT = r'"(?:[^"\\]|\\.)*+"|\'(?:[^\'\\]|\\.)*+\'|[\u201c\u201e][^\u201c-\u201f"]*+[\u201c\u201d]'
_COMMENT = r"//[^\n]*+|/\*.*?\*/"
_MARK = re.compile(rf"{_TEXT}|{_COMMENT}|(?P<open>[\[{{])|(?P<close>[\]}}])|(?P<quote>[\"'])", re.DOTALL)
_TO_QUOTE = {quote: re.compile(rf"(?:[^{quote}\\]|\\.)*+{quote}", re.DOTALL) for quote in "\"'"}


def json_pieces(path: Path, codec: str | None) -> Iterator[Piece]:
    """Give the lines of a file of JSON objects, and those together over which one object is written.

    Lines that are not UTF-8 are decoded with `codec`, if there is one.
    """
    if _is_one_long_array(path):
        yield from _elements(path, codec)
        return
    waiting = _Waiting()
    with opened(path) as file:
        for line in lines(file):
            content, mended = cleaned(line.content, codec)
            part = _Part(line.number, line.byte, content, mended)
            if waiting.ends_before(part):
                yield from waiting.apart()
            piece = None if waiting.parts else _alone(part)
            if piece is not None:
                yield piece
                continue
            waiting.add(part)
            if waiting.nesting.is_closed:
                yield from waiting.joined()
            elif waiting.size > LINE_BYTES:
                yield from waiting.apart()
    yield from waiting.apart()


class _Part(NamedTuple):
    """A line, decoded, and what was done to decode it."""

    line: int
    byte: int
    content: bytes
    mended: tuple[str, ...]


def _is_one_long_array(path: Path) -> bool:
    with opened(path) as file:
        first = next(lines(file)).content
        return len(first) > LINE_BYTES and first.lstrip().startswith(b"[")


def _elements(path: Path, codec: str | None) -> Iterator[Piece]:
    for value in rows(path, None):
        content, mended = cleaned(value.content, codec)
        yield _rewritten([_Part(value.line, value.byte, content, (*mended, "a row taken out of an array"))])


def _alone(part: _Part) -> Piece | None:
    """Give the piece that a line is by itself; None where it may go on on the next line."""
    if part.content.isspace() or not part.content:
        return Piece(part.line, part.byte, [], part.mended or (BLANK,))
    refused = _refused(part.content)
    if refused is None:
        loses = _LOST_CHARACTER.search(part.content) and rewrite(part.content.decode()).mended
        return _rewritten([part]) if loses else Piece(part.line, part.byte, [part.content], part.mended)
    if refused.reason in _HOPELESS:
        return given_up(part.line, part.byte, refused)
    text = part.content.decode()
    return None if _BEGINS.match(text) and not _Nesting().add(text).is_closed else _rewritten([part])


def _refused(content: bytes) -> Refused | None:
    try:
        parse_object(content)
    except Refused as refused:
        return refused
    return None


def _rewritten(parts: list[_Part]) -> Piece:
    """Make one piece of lines that belong together."""
    first, content = parts[0], b"".join(part.content for part in parts)
    try:
        found = rewrite(content.decode())
    except Doubt as doubt:
        return given_up(first.line, first.byte, Refused("not valid JSON", str(doubt), ""))
    encoded = [row.encode() + b"\n" for row in found.rows]
    for row in encoded:
        if (refused := _refused(row)) is not None:
            return given_up(first.line, first.byte, refused)
    done = [*chain.from_iterable(part.mended for part in parts), *found.mended]
    if len(parts) > 1 and encoded:
        done.append("an object put on one line")
    return Piece(first.line, first.byte, encoded, tuple(dict.fromkeys(done)))


class _Waiting:
    """Lines of an object that is not closed yet."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self.size = 0
        self.nesting = _Nesting()

    def add(self, part: _Part) -> None:
        """Take one more line."""
        self.parts.append(part)
        self.size += len(part.content)
        self.nesting.add(part.content.decode(errors="replace"))

    def ends_before(self, part: _Part) -> bool:
        """Does another row begin here, so that the one that waits was cut off?"""
        if not self.parts:
            return False
        if len(self.parts) > 1 and part.content.strip() == b"{":
            first, second = (_indent(one.content) for one in self.parts[:2])
            return _indent(part.content) == first < second
        refused = _refused(part.content)
        if refused is not None:
            return refused.reason in _HOPELESS
        return part.content.startswith(b"{") and not self.nesting.expects_object

    def joined(self) -> Iterator[Piece]:
        """Give the object that the lines make up, or else them one by one."""
        piece = _rewritten(self.parts)
        if piece.rows is None:
            yield from self.apart()
        else:
            self._clear()
            yield piece

    def apart(self) -> Iterator[Piece]:
        """Give the lines one by one: those that are rows of their own, and those that cannot be mended."""
        parts = self.parts
        self._clear()
        for part in parts:
            piece = _alone(part)
            is_row = piece is not None and part.content.startswith(b"{")
            if piece is not None and (is_row or not part.content.strip()):
                yield piece
            else:
                refused = _refused(part.content) or Refused(
                    "not valid JSON", "an object that is not closed", ""
                )
                yield given_up(part.line, part.byte, refused)

    def _clear(self) -> None:
        self.parts, self.size, self.nesting = [], 0, _Nesting()


def _indent(content: bytes) -> int:
    return len(content) - len(content.lstrip(b" \t"))


class _Nesting:
    """Which brackets and quotes are open; those of an array around objects are not counted."""

    def __init__(self) -> None:
        self.brackets: list[str] = []
        self.quote = ""
        self.last = ""

    @property
    def is_closed(self) -> bool:
        """Is nothing open?"""
        return not self.brackets and not self.quote

    @property
    def expects_object(self) -> bool:
        """Is this behind a key, or inside of a list, where one more object may stand?"""
        in_list = self.brackets[-1:] == ["["] and self.last in ("[", ",")
        return not self.quote and (in_list or self.last == ":")

    def add(self, text: str) -> "_Nesting":
        """Read on."""
        position = 0
        while position < len(text):
            if self.quote:
                closing = _TO_QUOTE[self.quote].match(text, position)
                if closing is None:
                    return self
                position, self.quote = closing.end(), ""
                continue
            mark = _MARK.search(text, position)
            if mark is None:
                break
            position = mark.end()
            self._take(mark)
        self.last = text.rstrip()[-1:] or self.last
        return self

    def _take(self, mark: re.Match[str]) -> None:
        if mark["quote"]:
            self.quote = mark[0]
        elif mark["open"] and (self.brackets or mark[0] == "{"):
            self.brackets.append(mark[0])
        elif mark["close"] and self.brackets:
            self.brackets.pop()
