"""Which place the right text has among all that were to choose from: an answer such as `3 of 120`."""

import re

_RANK = re.compile(r"([1-9][0-9]*) of [1-9][0-9]*")


def rank_in(text: str) -> int | None:
    """Give the place that an answer names, counted from 1; None for an answer of any other kind."""
    found = _RANK.fullmatch(text)
    return int(found[1]) if found else None
