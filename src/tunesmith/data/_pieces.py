"""Take a file apart into pieces that hold its rows, and mend each piece where there is no doubt how.

A piece reaches from its first byte to that of the next, so that one which cannot be mended can be set aside
untouched, whatever it is.
"""

import csv
import re
from collections.abc import Iterator
from io import BytesIO, StringIO
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

from tunesmith.core.errors import BadData
from tunesmith.data.source._lines import LINE_BYTES, check_length, decode, lines, opened
from tunesmith.data.source._records import Record, records
from tunesmith.data.source._refused import Refused

BLANK = "a blank line left out"

_QUOTED_BEHIND_SPACE = re.compile(r'\s+".*"\s*', re.DOTALL)


class Piece(NamedTuple):
    """A piece of a file: where it begins, the rows that it holds, and what was done to get them.

    Blank lines and comments hold none. A piece that cannot be mended has None, and says why.
    """

    line: int
    byte: int
    rows: list[bytes] | None
    mended: tuple[str, ...] = ()
    why: str = ""


def given_up(line: int, byte: int, refused: Refused) -> Piece:
    """Give the piece that cannot be mended, in the words of what refused it."""
    return Piece(line, byte, None, (), f"{refused.reason}: {refused.found}")


def cleaned(content: bytes, codec: str | None) -> tuple[bytes, tuple[str, ...]]:
    """Take NUL bytes out, decode what is not UTF-8, and say what was done."""
    mended = []
    if b"\0" in content:
        content = content.replace(b"\0", b"")
        mended.append("NUL bytes left out")
    try:
        decode(content)
    except Refused:
        decoded = _decoded(content, codec)
        if decoded is not None:
            content = decoded
            mended.append(f"decoded from {codec}")
    return content, tuple(mended)


def text_pieces(path: Path, codec: str | None) -> Iterator[Piece]:
    """Give the lines of a text, blank ones too: they may separate its paragraphs."""
    with opened(path) as file:
        for line in lines(file):
            content, mended = cleaned(line.content, codec)
            try:
                check_length(content)
                decode(content)
            except Refused as refused:
                yield given_up(line.number, line.byte, refused)
            else:
                yield Piece(line.number, line.byte, [content], mended)


def csv_pieces(path: Path, codec: str | None, delimiter: str) -> Iterator[Piece]:
    """Give the records of a CSV file; the first is its header. Raises BadData if that cannot be mended."""
    columns = 0
    with opened(path) as file, path.open("rb") as again:
        start, size = file.tell(), path.stat().st_size
        for record, following in pairwise(chain(records(file, delimiter), [Record(0, size, [])])):
            again.seek(record.byte)
            content = again.read(min(following.byte - record.byte, LINE_BYTES + 1))
            piece = _from_record(record, content, codec, _Table(delimiter, columns))
            if not columns and piece.rows is None:
                raise BadData(f"{path}: the header, line {record.line:,}, cannot be mended: {piece.why}.")
            if not columns and piece.rows:
                columns = len(next(_parsed(piece.rows[0].decode(), delimiter)))
                if record.byte > start:
                    piece = piece._replace(mended=(*piece.mended, BLANK))
            yield piece


class _Table(NamedTuple):
    """What separates the fields of a row, and how many its header has; 0 for the header itself."""

    delimiter: str
    columns: int


def _from_record(record: Record, content: bytes, codec: str | None, table: _Table) -> Piece:
    content, mended = cleaned(content, codec)
    fields = record.fields
    if mended:
        fields = next((found.fields for found in records(BytesIO(content), table.delimiter)), [])
    row, end = _split_end(content)
    notes = [*mended, *([BLANK] if len(row) + len(end) < len(content) else [])]
    if isinstance(fields, Refused) and fields.reason == "quote inside an unquoted field":
        fields = _requoted(row.decode(), table) or fields
        notes.append("a field with a quote put in quotes")
    if isinstance(fields, Refused):
        return given_up(record.line, record.byte, fields)
    if not row.strip() and len(fields) < max(2, table.columns):
        return Piece(record.line, record.byte, [], tuple(mended) or (BLANK,))
    if table.columns and len(fields) > table.columns and not any(map(str.strip, fields[table.columns :])):
        fields = fields[: table.columns]
        notes.append("empty fields behind the last column left out")
    if fields != record.fields:
        row = _written(fields, table.delimiter)
    return Piece(record.line, record.byte, [row + end], tuple(notes))


def _split_end(content: bytes) -> tuple[bytes, bytes]:
    """Take the first line end off a record, and the blank lines behind it away."""
    row = content.rstrip(b"\r\n")
    end = content[len(row) :]
    returns, feed, _ = end.partition(b"\n")
    return row, b"\r\n" if returns and feed else feed or end[:1]


def _requoted(row: str, table: _Table) -> list[str] | None:
    """Read a row with quotes inside of fields, if that gives as many as there are columns."""
    fields = next(_parsed(row, table.delimiter))
    if len(fields) != table.columns or any(map(_QUOTED_BEHIND_SPACE.fullmatch, fields)):
        fields = next(_parsed(row, table.delimiter, skipinitialspace=True))
    return fields if len(fields) == table.columns else None


def _parsed(row: str, delimiter: str, *, skipinitialspace: bool = False) -> Iterator[list[str]]:
    return csv.reader(StringIO(row, newline=""), delimiter=delimiter, skipinitialspace=skipinitialspace)


def _written(fields: list[str], delimiter: str) -> bytes:
    row = StringIO(newline="")
    # The writer quotes fields that hold a character of its line terminator.
    csv.writer(row, delimiter=delimiter, lineterminator="\r\n").writerow(fields)
    return row.getvalue().removesuffix("\r\n").encode()


def _decoded(content: bytes, codec: str | None) -> bytes | None:
    try:
        return content.decode(codec).encode() if codec else None
    except UnicodeDecodeError:
        return None
