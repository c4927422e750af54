"""Split a CSV file into records with true places: quoted fields may hold delimiters, quotes and line ends.

The rules are those of RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), read strictly: a field is quoted as
a whole or holds no quote at all.
"""

import csv
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from tunesmith.data.source._lines import LINE_BYTES, Line, check_length, decode, lines
from tunesmith.data.source._refused import Refused

_UNCLOSED = "unexpected end of data"
_REASONS = {_UNCLOSED: "unclosed quote", "expected after '\"'": "text after a closing quote"}
_REMEDY = "Put a field that holds quotes, delimiters or line ends in quotes, and double each quote inside it."


class Record(NamedTuple):
    """One record, or why there is none; the place is that of its first line."""

    line: int
    byte: int
    fields: list[str] | Refused


def records(file: BinaryIO, delimiter: str) -> Iterator[Record]:
    """Give the records from where the file stands, blank lines left out, in constant memory.

    A record that breaks the quoting rules is given up at the end of its first line, and reading goes on with
    the next one: a forgotten quote then costs one record, not the rest of the file.
    """
    # The module refuses fields above a limit of the whole process; ours is on lines, and higher.
    csv.field_size_limit(max(csv.field_size_limit(), LINE_BYTES + 1))
    ahead = lines(file)
    while first := next(ahead, None):
        taken = [first]
        try:
            fields = _parse(taken, ahead, delimiter)
        except Refused as refused:
            yield Record(first.number, first.byte, refused)
            continue
        except csv.Error as error:
            yield Record(first.number, first.byte, _broken(taken, str(error)))
            if len(taken) > 1:
                file.seek(taken[1].byte)
                ahead = lines(file, taken[1].number)
            continue
        if fields:
            yield Record(first.number, first.byte, fields)


def _parse(taken: list[Line], ahead: Iterator[Line], delimiter: str) -> list[str]:
    check_length(taken[0].content)
    # Undecodable bytes pass the splitter, so that the record still ends where it ends; then they are refused.
    fields = next(csv.reader(_texts(taken, ahead), delimiter=delimiter, strict=True))
    content = b"".join(line.content for line in taken)
    text = decode(content)
    for field in fields:
        if '"' in field and '"{}"'.format(field.replace('"', '""')) not in text:
            raise Refused("quote inside an unquoted field", field, _REMEDY)
    return fields


def _texts(taken: list[Line], ahead: Iterator[Line]) -> Iterator[str]:
    size = len(taken[0].content)
    yield taken[0].content.decode(errors="surrogateescape")
    for line in ahead:
        taken.append(line)
        size += len(line.content)
        if size > LINE_BYTES:
            raise csv.Error(_UNCLOSED)
        yield line.content.decode(errors="surrogateescape")


def _broken(taken: list[Line], error: str) -> Refused:
    reason = next((reason for words, reason in _REASONS.items() if words in error), "not valid CSV")
    first = taken[0].content[:60].decode(errors="backslashreplace").rstrip()
    if len(taken) > 1 and reason != "unclosed quote":
        first = f"to line {taken[-1].number}: {first}"
    return Refused(reason, first, _REMEDY)
