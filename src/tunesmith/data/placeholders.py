"""What is written where nothing is known: empty texts, and words such as N/A."""

import math
from collections.abc import Collection
from typing import Any

PLACEHOLDERS = (
    *("n/a", "na", "#n/a", "n.a.", "nan", "null", "none", "nil", "undefined", "missing", "unknown", "unset"),
    *(
        "-",
        "--",
        "---",
        "\u2013",
        "\u2014",
        "?",
        "??",
        "???",
        ".",
        "...",
        "…",
        "_",
        "*",
        "[]",
        "{}",
        "()",
        '""',
        "''",
    ),
    *("todo", "tbd", "tba", "fixme", "xxx", "lorem ipsum", "placeholder", "insert text here", "[empty]"),
    *("empty", "blank", "<null>", "<none>", "<empty>", "[removed]", "[deleted]", "not available"),
    *(
        "not applicable",
        "no data",
        "no answer",
        "keine angabe",
        "k. a.",
        "k.a.",
        "non disponible",
        "sin datos",
    ),
)
"""Texts that stand for no text, in small letters."""

LABELS = ("none", "na", "unknown", "missing", "empty", "blank", "not applicable", "no answer")
"""Those that may be the name of a class."""


def placeholders(also: Collection[str] = (), ignore: Collection[str] = ()) -> frozenset[str]:
    """Give the list with some words more, and some less; capital letters do not matter."""
    more, less = ({word.strip().casefold() for word in words} for words in (also, ignore))
    return frozenset({*PLACEHOLDERS, *more} - less)


def is_missing(value: Any, known: Collection[str] = frozenset(PLACEHOLDERS)) -> bool:
    """Ask whether a value says nothing: no value, an empty text or list, or a placeholder in any case."""
    if isinstance(value, str):
        return not value or value.isspace() or (len(value) < 40 and value.strip().casefold() in known)
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, list | tuple | dict) and not value)
