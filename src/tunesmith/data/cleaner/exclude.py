"""Exclude: single rows that somebody read and found wrong, named as reports name them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import Cleaned, Example


@dataclass(frozen=True, kw_only=True)
class Exclude(Cleaner):
    """Leave out the rows that are named by file and line, and those in which a pattern is found.

    Raises BadData for a name that no row has: its file may have changed since it was written down.
    """

    rows: Annotated[tuple[str, ...], Field(description="Rows by file and line, such as tickets.csv:55.")] = ()
    pattern: Annotated[
        str | None, Field(min_length=1, description="A regular expression; rows that say it are left out.")
    ] = None

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise BadOption(f"cleaner.exclude.pattern is no regular expression: {error}.") from None

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Decide on every row."""
        if not self.rows and self.pattern is None:
            raise BadOption(
                "data.clean.exclude: name rows, such as rows=[tickets.csv:55], or give a pattern."
            )
        named, pattern, found = set(self.rows), re.compile(self.pattern or r"(?!)"), set[str]()
        for row in rows:
            own = named & {f"{row.place.file}:{row.place.line}", row.place.short}
            found |= own
            if own:
                yield Cleaned(None, "named to be excluded")
            elif said := pattern.search(row.whole):
                yield Cleaned(None, "says what is excluded", said[0])
            else:
                yield Cleaned(row)
        if missing := sorted(named - found):
            raise BadData(
                f"data.clean.exclude: no row is called {missing[0]}. Write the file's name and the line, as "
                "in the report; if the file changed since, look the row up again."
            )
