"""Split a CSV file into records with true places: quoted fields may hold delimiters, quotes and line ends.

The rules are those of RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), read strictly: a field is quoted as
a whole or holds no quote at all.
"""

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from tunesmith.data.source._lines import LINE_BYTES, Line, check_length, decode, lines
from tunesmith.data.source._refused import Refused

_UNCLOSED = "unexpected end of data"
_REMEDY = "Put a field that holds quotes, delimiters or line ends in quotes, and double each quote inside it."
_REASONS = {
    _UNCLOSED: ("unclosed quote", "", _REMEDY),
    "expected after '\"'": ("text after a closing quote", "", _REMEDY),
    "new-line character": (
        "not valid CSV",
        "a carriage return outside of quotes: ",
        "Have a line feed in its place, or put the field in quotes.",
    ),
}
"""What Python's reader says, and what that means: a reason, what was found, and a remedy."""

_OTHER_FORMS = (
    (
        rb"<(?i:!doctype html|html|head)\b",
        "an HTML page",
        "A failed download leaves one: fetch the file again.",
    ),
    (rb"<\?xml\b", "XML", "Export the rows as CSV or JSONL."),
    (rb'\[?\s*\{\s*("|$)', "JSON", "Give the file its own suffix, .jsonl, or say data.source.name=jsonl."),
)
"""What a first line may show the file to be instead, and what to do about it."""


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
    if taken[0].number == 1:
        _check_form(taken[0].content)
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


def _check_form(line: bytes) -> None:
    for pattern, form, remedy in _OTHER_FORMS:
        if re.match(pattern, line.lstrip()):
            shown = line[:60].decode(errors="backslashreplace").strip()
            raise Refused("not CSV", f"{form}: {shown}", remedy)


def _broken(taken: list[Line], error: str) -> Refused:
    unknown = ("not valid CSV", "", _REMEDY)
    reason, cause, remedy = next((why for words, why in _REASONS.items() if words in error), unknown)
    first = taken[0].content[:60].decode(errors="backslashreplace").rstrip()
    if len(taken) > 1 and reason != "unclosed quote":
        first = f"to line {taken[-1].number}: {first}"
    return Refused(reason, cause + first, remedy)
