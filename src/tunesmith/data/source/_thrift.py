"""Read what Thrift wrote in its compact protocol, without knowing what it means.

The form is that of https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

from typing import Any

_TRUE, _FALSE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 8, 9, 10, 11, 12
_INTEGERS = (4, 5, 6)
_SIZES = {3: 1, 7: 8, 13: 16}
"""The sizes of a byte, of a number with a point, and of a UUID."""

MOST_DEPTH = 32


def read_struct(content: bytes, at: int, depth: int = 0) -> tuple[dict[int, Any], int]:
    """Give the fields of a structure by their numbers, and where it ends; texts and bytes are passed over.

    Raises IndexError where it does not end within the content, or is none.
    """
    fields: dict[int, Any] = {}
    number = 0
    while head := content[at]:
        at += 1
        if head >> 4:
            number += head >> 4
        else:
            number, at = _integer(content, at)
        if head & 15 in (_TRUE, _FALSE):  # the value of a field that is true or false is its kind
            fields[number] = head & 15 == _TRUE
        else:
            fields[number], at = _value(content, at, head & 15, depth)
    return fields, at + 1


def _value(content: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if depth > MOST_DEPTH:
        raise IndexError(at)
    if kind in _INTEGERS:
        return _integer(content, at)
    if kind == _BINARY:
        length, at = _varint(content, at)
        return None, at + length
    if kind == _STRUCT:
        return read_struct(content, at, depth + 1)
    if kind in (_LIST, _SET):
        return _list(content, at, depth + 1)
    if kind in (_TRUE, _FALSE):
        return None, at + 1
    if kind not in _SIZES:  # maps, which Parquet does not use, and kinds that there are not
        raise IndexError(at)
    return None, at + _SIZES[kind]


def _list(content: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    head, at = content[at], at + 1
    size = head >> 4
    if size == 15:
        size, at = _varint(content, at)
    values: list[Any] = []
    for _ in range(size):
        if at >= len(content):
            raise IndexError(at)
        value, at = _value(content, at, head & 15, depth)
        values.append(value)
    return values, at


def _integer(content: bytes, at: int) -> tuple[int, int]:
    number, at = _varint(content, at)
    return (number >> 1) ^ -(number & 1), at


def _varint(content: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        byte = content[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
    raise IndexError(at)
