"""Why a row cannot be used, and what every text must pass before it is."""

import re
from collections.abc import Mapping

from tunesmith.core.example import BadRow, Place

EXCERPT_CHARACTERS = 100
"""The longest piece of a row shown in a message."""

FIX = "tunesmith data audit FILE --fix COPY"
"""The command that mends what can be mended without a doubt."""

_HALF = re.compile("[\ud800-\udfff]")
_WHOLE = "Write the whole character, or both halves of its surrogate pair."


class Refused(Exception):
    """This row cannot be used; the reader adds its place and goes on with the next one."""

    def __init__(self, reason: str, found: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.found = excerpt(found)
        self.remedy = remedy

    def at(self, place: Place) -> BadRow:
        """Say where it happened."""
        return BadRow(place, self.reason, self.found, self.remedy)


def excerpt(text: str) -> str:
    """Show the beginning of a text on one line of a terminal, with control characters escaped."""
    shown = "".join(c if c.isprintable() else _escape(c) for c in text[: EXCERPT_CHARACTERS + 1])
    return shown if len(shown) <= EXCERPT_CHARACTERS else shown[: EXCERPT_CHARACTERS - 1] + "…"


def checked_text(value: object, what: str, where: str) -> str:
    """Give back text that can be learned from; `what` it is and `where` it stood are for the message."""
    if value is None:
        raise Refused(f"empty {what}", f"{where} is null", "Write the text, or remove the row.")
    if not isinstance(value, str):
        raise Refused(
            "wrong type", f"{where} is {kind_of(value)}: {value!r}", "Write it as one text in quotes."
        )
    if not value or value.isspace():
        raise Refused(f"empty {what}", f"{where} is {value[:20]!r}", "Write the text, or remove the row.")
    if "\0" in value:
        raise Refused(
            "NUL character", _around(value, value.index("\0"), where), "Remove the character U+0000."
        )
    if not value.isascii():
        _check_surrogates(value, where)
    return value


def check_kept(fields: Mapping[str, object]) -> None:
    """Refuse columns that are kept beside what is learned where no file could hold them again."""
    for name, value in fields.items():
        if not (_is_whole(name) and _is_whole(value)):
            raise Refused("lone surrogate", f"column {name!r}: {value!r}", _WHOLE)


def kind_of(value: object) -> str:
    """Name the type of a JSON value as its reader would."""
    names = {type(None): "null", bool: "true or false", int: "a number", float: "a number", str: "text"}
    return {**names, list: "a list", dict: "an object"}[type(value)]


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _check_surrogates(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Refused("lone surrogate", _around(text, error.start, where), _WHOLE) from None


def _is_whole(value: object) -> bool:
    """Is there no half of a surrogate pair in it? JSON can spell one, and nothing can write it."""
    if isinstance(value, str):
        return value.isascii() or not _HALF.search(value)
    if isinstance(value, dict):
        return all(map(_is_whole, value)) and all(map(_is_whole, value.values()))
    return not isinstance(value, list) or all(map(_is_whole, value))


def _around(text: str, position: int, where: str) -> str:
    return f"{where}, character {position + 1}: {text[max(0, position - 15) : position + 15]}"
