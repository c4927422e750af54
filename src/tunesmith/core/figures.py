"""Figures for people: as many digits as the interval can carry, and signs that line up."""

import math

from tunesmith.core.report import Interval

MOST_PLACES = 6


def places(interval: Interval) -> int:
    """Give the decimals to write, so that the width of the interval shows two digits."""
    scale = interval.high - interval.low or abs(interval.value) or 1.0
    return min(MOST_PLACES, max(0, 1 - math.floor(math.log10(scale))))


def write(value: float, decimals: int, *, signed: bool = False) -> str:
    """Write a number with a true minus sign and, if `signed`, a plus; zero has neither."""
    rounded = round(value, decimals)
    sign = "\u2212" if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{abs(rounded):,.{decimals}f}"


def span(interval: Interval, decimals: int, *, signed: bool = False) -> str:
    """Write the bounds of an interval: "0.31 to 0.45"."""
    return (
        f"{write(interval.low, decimals, signed=signed)} to {write(interval.high, decimals, signed=signed)}"
    )
