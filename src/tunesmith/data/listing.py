"""Messages about many rows: an opening, the first of the offenders, how many more there are, what to do."""

from collections.abc import Sequence

LISTED_ROWS = 100
"""How many offending rows an error lists; all are counted."""


def listing(opening: str, offenders: Sequence[str], number: int, ending: str) -> str:
    """Write such a message; `offenders` holds at least the first of `number`."""
    listed = [f"  {offender}" for offender in offenders[:LISTED_ROWS]]
    more = [f"  and {number - len(listed):,} more"] if number > len(listed) else []
    return "\n".join([opening, *listed, *more, ending])
