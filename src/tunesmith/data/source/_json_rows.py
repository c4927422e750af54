"""Find the rows of a JSON file: the values of its array, or of an array that its object holds."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.registry import did_you_mean
from tunesmith.data.source._json_scan import Scanner, Value
from tunesmith.data.source._lines import opened

MOST_NAMED = 10
"""Keys named in a message."""

_OF_OBJECTS = re.compile(rb"\[[ \t\r\n]*\{")


def rows(path: Path, key: str | None) -> Iterator[Value]:
    """Give every value of the array, in order, in constant memory.

    `key` is that of the array in the file's object; without one, its only array of objects is meant. Raises
    BadData for a file that holds no such array, and where brackets, commas or quotes do not fit, so that the
    rest of the file cannot be read.
    """
    with opened(path) as file:
        scanner = Scanner(path, file)
        first = scanner.peek()
        if first == b"{":
            array = _find_array(path, scanner, key)
            scanner.move_to(array.line, array.byte)
        elif first != b"[":
            scanner.fail("the file does not begin with [ or {", "Write an array of rows: [{...}, {...}].")
        elif key is not None:
            raise BadOption(f"data.source.rows: {path} is an array, without keys. Remove the option.")
        yield from _values(path, scanner)
        if first == b"[" and scanner.peek():
            scanner.fail("something follows the array", "Keep one array in the file.")


def _values(path: Path, scanner: Scanner) -> Iterator[Value]:
    scanner.take(b"[")
    if scanner.peek() == b"]":
        raise BadData(f"{path} holds an array without rows. Put at least one row into it.")
    while True:
        yield scanner.value()
        if scanner.take(b"]"):
            return
        if not scanner.take(b","):
            missing = "a comma is missing" if scanner.peek() else "the file ends before its array does"
            scanner.fail(missing, "Mend the file there: what follows cannot be told apart.")


class _Array(NamedTuple):
    line: int
    byte: int
    of_objects: bool


def _find_array(path: Path, scanner: Scanner, key: str | None) -> _Array:
    pairs = list(_arrays(scanner))
    arrays = dict(pairs)
    if scanner.peek() == b"{":
        raise BadData(f"{path} holds one object after the other. Read it with data.source.name=jsonl.")
    if scanner.peek():
        scanner.fail("something follows the object", "Keep one object or array in the file.")
    if len(arrays) < len(pairs):
        raise BadData(f"{path} holds two arrays with the same key. Rename one of them.")
    if key is not None:
        if key not in arrays:
            raise BadOption(f"data.source.rows: there is no array {key!r}.{did_you_mean(key, list(arrays))}")
        return arrays[key]
    found = {name: array for name, array in arrays.items() if array.of_objects}
    if len(found) > 1:
        named = ", ".join(map(repr, list(found)[:MOST_NAMED]))
        raise BadData(f"{path} holds several arrays of rows: {named}. Choose one with data.source.rows=...")
    if not found:
        raise BadData(
            f"{path} holds an object without an array of rows. Write an array: [{{...}}, {{...}}], or put "
            "one object on each line and read it with data.source.name=jsonl."
        )
    return found.popitem()[1]


def _arrays(scanner: Scanner) -> Iterator[tuple[str, _Array]]:
    """Pass an object, and give its members that are arrays."""
    scanner.take(b"{")
    if scanner.take(b"}"):
        return
    while True:
        name = _name(scanner)
        value = scanner.value()
        if value.content.startswith(b"["):
            yield name, _Array(value.line, value.byte, bool(_OF_OBJECTS.match(value.content)))
        if scanner.take(b"}"):
            return
        if not scanner.take(b","):
            scanner.fail("a comma or } is missing", "Mend the file there.")


def _name(scanner: Scanner) -> str:
    if scanner.peek() != b'"':
        scanner.fail("a key in double quotes is missing", "Mend the file there.")
    line, byte, content = scanner.value()
    if not scanner.take(b":"):
        scanner.fail("a colon is missing", "Mend the file there.")
    try:
        return str(json.loads(content))
    except ValueError:
        scanner.move_to(line, byte)
        scanner.peek()
        scanner.fail("a key cannot be read", "Write it as JSON, in UTF-8.")
