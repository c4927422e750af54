"""Read the lines of a file as JSON objects, at half the speed of the fastest parser there is, or more.

A block of lines is parsed as one array, with an odd number between the lines: it comes out between the rows
again, and nowhere else, only if every line is one value. What that parser lets pass and
`parse_object` does not (keys given twice, numbers beyond all bounds, depth) is looked for in the whole block
at once. Where anything is wrong, or only suspicious, the block is taken apart until `parse_object` decides on
single lines. So no line passes that it would refuse, and none is refused in other words than its own.
"""

from collections.abc import Iterator
from gc import is_tracked
from io import BytesIO
from itertools import chain, count
from math import isfinite
from typing import Any, BinaryIO, NamedTuple

from pydantic_core import from_json

from tunesmith.data.source._lines import LINE_BYTES, blocks, lines
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._strict_json import DEPTH, parse_object

Row = dict[str, Any]
Found = tuple[int, int, Row | Refused]
"""A line's number from 1, the offset of its first byte, and the object on it, or why there is none."""

PARTS = 8
"""Into how many parts a suspicious block is taken; one of no more lines is read line by line."""

_BETWEEN = 4_611_686_018_427_387_905
_LINE_END = b",%d," % _BETWEEN
_COLON, _QUOTE, _BACKSLASH, _SPACE, _NEWLINE, _NINE = b':"\\ \n9'
_WIDEST_SPACE = 8


def objects(file: BinaryIO, number: int = 1) -> Iterator[Found]:
    """Give every line that is not blank, from where the file stands, in constant memory."""
    for byte, block in blocks(file):
        starts = _starts(block, byte)
        yield from _found(block, starts, number)
        number += len(starts)


def _found(block: bytes, starts: list[int], number: int) -> Iterator[Found]:
    """Give the lines of a block; the first has that number, and each has its offset in `starts`."""
    rows = _sound_rows(block, len(starts))
    if rows is not None:
        return zip(count(number), starts, rows, strict=False)
    if len(starts) <= PARTS:
        return _one_by_one(block, starts, number)
    return _taken_apart(block, starts, number)


def _taken_apart(block: bytes, starts: list[int], number: int) -> Iterator[Found]:
    size = -(-len(starts) // PARTS)
    for first in range(0, len(starts), size):
        few = starts[first : first + size]
        end = starts[first + size] - starts[0] if first + size < len(starts) else len(block)
        yield from _found(block[few[0] - starts[0] : end], few, number + first)


def _one_by_one(block: bytes, starts: list[int], number: int) -> Iterator[Found]:
    for line in lines(BytesIO(block), number):
        if line.content.isspace():
            continue
        try:
            found = parse_object(line.content)
        except Refused as refused:
            found = refused
        yield line.number, starts[0] + line.byte, found


def _starts(block: bytes, byte: int) -> list[int]:
    """Give the offset of every line of a block that begins at `byte`."""
    import numpy

    ends = numpy.flatnonzero(numpy.frombuffer(block, numpy.uint8) == _NEWLINE)
    starts = [byte, *(ends + (byte + 1)).tolist()]
    return starts[:-1] if block.endswith(b"\n") else starts


def _sound_rows(block: bytes, how_many: int) -> list[Row] | None:
    """Give the objects of a block without a single fault, one for every line; None where there may be one."""
    if len(block) > LINE_BYTES:
        return None
    content = block.replace(b"\n", _LINE_END, how_many - 1)
    try:
        values = from_json(b"[%b]" % content, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return None
    rows, betweens = values[::2], values[1::2]
    # The number comes out between rows as often as it went in between lines, and `_keys_within` sees to it
    # that it stands in no list, where alone it could stand otherwise: no row goes over a line end.
    if not (len(rows) == how_many == len(betweens) + 1 == betweens.count(_BETWEEN) + 1):
        return None
    return rows if set(map(type, rows)) == {dict} and _is_sound(block, rows) else None


def _is_sound(block: bytes, rows: list[Row]) -> bool:
    """Is it sure that no key is given twice, no number is infinite, and nothing is nested too deeply?"""
    signs = _signs(block)
    # A key that is given twice leaves fewer keys in the rows than there are in the text.
    return _keys_within(rows, numbers=signs.numbers) == signs.keys


class _Signs(NamedTuple):
    """How many keys there are, or more, and whether numbers may stand directly behind some."""

    keys: int
    numbers: bool


def _signs(block: bytes) -> _Signs:
    import numpy

    text = numpy.frombuffer(block, numpy.uint8)
    colons = (text == _COLON).nonzero()[0]
    before = colons - 1
    last = text.take(before)
    for _ in range(_WIDEST_SPACE):
        spaces = last <= _SPACE  # of those, JSON has only white space, or it was not parsed
        if not spaces.any():
            break
        before -= spaces
        last = text.take(before)
    keys = (last == _QUOTE).nonzero()[0]
    quotes, values = before.take(keys), colons.take(keys) + 1
    too_wide = int(numpy.count_nonzero(last <= _SPACE))  # taken for keys, to be on the safe side
    doubtful = quotes[text.take(quotes - 1) == _BACKSLASH].tolist()
    within_texts = sum(_is_escaped(block, quote) for quote in doubtful)
    values += text.take(values) <= _SPACE
    first = text.take(values)
    numbers = bool(((first <= _NINE) & (first != _QUOTE)).any())  # or a second space, to be on the safe side
    return _Signs(len(quotes) - within_texts + too_wide, numbers or too_wide > 0)


def _is_escaped(block: bytes, quote: int) -> bool:
    """Does an odd number of backslashes stand before this quote?"""
    start = quote
    while block[start - 1] == _BACKSLASH:
        start -= 1
    return (quote - start) % 2 == 1


def _keys_within(rows: list[Row], *, numbers: bool) -> int | None:
    """Count the keys of all objects; None where one is infinite, too deep, or a number put between lines."""
    keys = 0
    dicts, lists = rows, list[Any]()
    for _ in range(DEPTH):
        keys += sum(map(len, dicts))
        # What the garbage collector does not track holds no list and no object: only numbers need a look.
        holding = dicts if numbers else filter(is_tracked, dicts)
        values = [*chain.from_iterable(map(dict.values, holding)), *chain.from_iterable(lists)]
        kinds = set(map(type, values))
        if lists and int in kinds and _BETWEEN in values:  # a list goes over a line end
            return None
        if not all(map(isfinite, _of_type(float, values, kinds))):
            return None
        if kinds.isdisjoint((dict, list)):
            return keys
        dicts, lists = (_of_type(kind, values, kinds) for kind in (dict, list))
    return None


def _of_type(kind: type, values: list[Any], kinds: set[type]) -> list[Any]:
    if kind not in kinds:
        return []
    return values if len(kinds) == 1 else [value for value in values if type(value) is kind]
