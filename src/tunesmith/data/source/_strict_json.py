"""Read one line as a JSON object, refusing all that JSON forbids and much that it leaves open.

RFC 8259 leaves duplicate keys, depth and number ranges to the reader: each is refused here, never guessed at.
"""

import json
import math
import sys
from typing import Any

from tunesmith.data.source._json_faults import fault
from tunesmith.data.source._lines import check_length, decode
from tunesmith.data.source._refused import FIX, Refused, kind_of

DEPTH = 32
"""How deeply lists and objects may be nested; the row itself is 1."""


def parse_object(content: bytes) -> dict[str, Any]:
    """Give the JSON object on a line; raises Refused with the reason and the column."""
    check_length(content)
    if b"\0" in content:
        raise _nul(content)
    text = decode(content)
    value = _parse(text)
    if not isinstance(value, dict):
        remedy = "Write one object per line: {...}."
        if isinstance(value, list):
            remedy = f"Give a file of one array the suffix .json, or split it into lines; {FIX} does it."
        raise Refused("not a JSON object", f"{kind_of(value)}: {text.strip()}", remedy)
    _check_depth(value, 1)
    return value


def _nul(content: bytes) -> Refused:
    count, found = content.count(0), f"at byte {content.index(0)} of the line"
    if not content.strip(b"\0\r\n"):
        remedy = "Nothing else is on the line: a write was cut short, by a crash or a full disk. Remove it."
        return Refused("NUL character", f"{count:,} of them, and nothing else", remedy)
    remedy = f"Remove the NUL bytes; {FIX} does it."
    return Refused("NUL character", f"{count:,} of them, the first {found}" if count > 1 else found, remedy)


def _parse(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise fault(text, error) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # Python refuses to read an integer of thousands of digits
        found = f"an integer of more than {sys.get_int_max_str_digits():,} digits"
        raise Refused("number too long", found, "Write it as text in quotes.") from None


def _check_depth(value: Any, depth: int) -> None:
    if depth > DEPTH:
        raise _too_deep()
    children = value.values() if isinstance(value, dict) else value
    for child in children:
        if isinstance(child, dict | list):
            _check_depth(child, depth + 1)


def _too_deep() -> Refused:
    return Refused("nested too deeply", f"more than {DEPTH} levels", "Flatten the row.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) == len(pairs):
        return row
    keys = [key for key, _ in pairs]
    twice = next(key for key in keys if keys.count(key) > 1)
    raise Refused("duplicate key", repr(twice), "Keep one of them; JSON does not say which counts.")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise Refused("number not finite", digits, "Write a number below 1e308.")
    return number


def _refuse_constant(name: str) -> float:
    raise Refused("number not finite", name, "JSON has no NaN and no Infinity; write null or a number.")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant)
