"""Numbers and truth values of rows, which in a CSV file are texts."""

import math
import re

from tunesmith.data.source._refused import Refused, kind_of

_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", re.ASCII)
_TRUTHS = {"true": 1.0, "false": 0.0}


def number_in(value: object) -> float | None:
    """Give the number that a value or its text is; None for anything else, truth values included."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def truth_in(value: object) -> float | None:
    """Give 1 for true and 0 for false, also as text; None for anything else."""
    if isinstance(value, bool):
        return float(value)
    return _TRUTHS.get(value.strip().lower()) if isinstance(value, str) else None


def has_fraction(value: object) -> bool:
    """Is this a number that is written with a fraction or an exponent?"""
    if isinstance(value, str):
        return not value.strip().lstrip("+-").isdecimal() and number_in(value) is not None
    return isinstance(value, float)


def read_number(value: object, where: str) -> float:
    """Give a finite number; raises Refused for anything else."""
    number = number_in(value)
    if number is None:
        raise Refused("not a number", f"{where} is {kind_of(value)}: {value!r}", "Write a number.")
    if not math.isfinite(number):
        raise Refused("number not finite", f"{where} is {value!r}", "Write a number below 1e308.")
    return number


def read_rating(value: object, where: str) -> float:
    """Give a number, or 1 for true and 0 for false; raises Refused for anything else."""
    truth = truth_in(value)
    return read_number(value, where) if truth is None else truth
