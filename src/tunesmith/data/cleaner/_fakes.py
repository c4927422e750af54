"""Invented values that look like those they stand for, and belong to nobody.

Addresses are from reserved ranges: example.org (RFC 2606, https://www.rfc-editor.org/rfc/rfc2606), the
network of benchmarks (RFC 2544, https://www.rfc-editor.org/rfc/rfc2544), hardware addresses that are given
locally; telephone numbers have the area code 555, which no area has. Other values are spelled with other
letters and digits until their check digits are wrong.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import shake_128

from tunesmith.data.personal import SECRETS, TABLE, Match

_FIRST = (
    "ada",
    "ben",
    "cleo",
    "dana",
    "emil",
    "fay",
    "gus",
    "hana",
    "ivo",
    "jan",
    "kai",
    "lea",
    "mia",
    "nils",
)
_LAST = (
    "ash",
    "birch",
    "cedar",
    "elm",
    "fern",
    "hazel",
    "holm",
    "ivy",
    "larch",
    "maple",
    "oak",
    "pine",
    "reed",
)
_TRIES = 64


def fake(match: Match, tag: str) -> str:
    """Invent a value for a match, the same one for the same tag; the tag itself where none can be."""
    stream = _stream(tag)
    if match.kind in _RESERVED:
        return _RESERVED[match.kind](stream)
    valid = [form.valid for form in TABLE if form.kind == match.kind]
    for _ in range(_TRIES if match.kind not in SECRETS else 0):
        respelled = "".join(_respelled(letter, stream) for letter in match.text)
        if not any(is_valid(respelled) for is_valid in valid):
            return respelled
    return tag


def _stream(tag: str) -> Iterator[int]:
    """Give bytes without an end that follow from the tag."""
    return iter(shake_128(tag.encode()).digest(2**13))


def _mail(stream: Iterator[int]) -> str:
    first, last = _FIRST[next(stream) % len(_FIRST)], _LAST[next(stream) % len(_LAST)]
    return f"{first}.{last}{_digits(stream, 5)}@example.org"


def _telephone(stream: Iterator[int]) -> str:
    return f"555-{2 + next(stream) % 8}{_digits(stream, 2)}-{_digits(stream, 4)}"


def _machine(stream: Iterator[int]) -> str:
    return f"198.{18 + next(stream) % 2}.{next(stream)}.{2 + next(stream) % 252}"


def _hardware(stream: Iterator[int]) -> str:
    return ":".join(["02", *(f"{next(stream):02x}" for _ in range(5))])


def _birthday(stream: Iterator[int]) -> str:
    return f"{1930 + next(stream) % 80}-{1 + next(stream) % 12:02}-{1 + next(stream) % 28:02}"


def _address(stream: Iterator[int]) -> str:
    name = _LAST[next(stream) % len(_LAST)].title()
    return f"{1 + next(stream)} {name} Street, {_LAST[next(stream) % len(_LAST)].title()}ville"


def _digits(stream: Iterator[int], number: int) -> str:
    return "".join(str(next(stream) % 10) for _ in range(number))


def _respelled(letter: str, stream: Iterator[int]) -> str:
    if not (letter.isascii() and letter.isalnum()):
        return letter
    first, number = ("0", 10) if letter.isdigit() else ("A" if letter.isupper() else "a", 26)
    return chr(ord(first) + next(stream) % number)


_RESERVED: Mapping[str, Callable[[Iterator[int]], str]] = {
    "email": _mail,
    "phone": _telephone,
    "ip_address": _machine,
    "mac_address": _hardware,
    "birth_date": _birthday,
    "postal_address": _address,
}
