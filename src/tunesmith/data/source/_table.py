"""Read rows whose columns are recognised once: the first row that is clear decides how all are read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example, Place
from tunesmith.data.source._columns import Columns, notes_on, recognise
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._rows import example
from tunesmith.data.source._shape import Shape

MOST_NAMED = 5
"""Columns named in a sentence; more are counted."""


class Found(NamedTuple):
    """One row of a file: its place, and its columns or why they cannot be read."""

    place: Place
    row: Mapping[str, Any] | Refused


@dataclass(frozen=True)
class Table:
    """The rows of one file: `rows` gives them anew at every call.

    `moments` are columns of dates and times: they are written as text, but not taken for it.
    """

    rows: Callable[[], Iterator[Found]]
    columns: Columns
    moments: tuple[str, ...] = ()

    def shape(self) -> Shape:
        """Recognise what the rows hold; raises BadData where no row's columns are clear."""
        first_doubt = None
        for place, row in self.rows():
            try:
                if isinstance(row, Refused):
                    raise row
                return self._recognise(row)
            except Refused as refused:
                first_doubt = first_doubt or refused.at(place)
        raise BadData(f"No row can be used. The first: {first_doubt}")

    def sentence(self, form: str) -> str:
        """Say how a file of this form is read, and which columns are not; reads all rows."""
        shape, later = self._seen_whole(self.shape())
        named = ", ".join(map(repr, later[:MOST_NAMED]))
        more = f" and {len(later) - MOST_NAMED:,} more" if len(later) > MOST_NAMED else ""
        said = shape.sentence(form)
        return f"{said}; columns not learned from that only later rows have: {named}{more}" if later else said

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row in order, in constant memory."""
        shape = None
        for place, row in self.rows():
            try:
                if isinstance(row, Refused):
                    raise row
                shape = shape or self._shape_of(row)
                result = example(shape, row, place)
            except Refused as refused:
                result = refused.at(place)
            yield result

    def _shape_of(self, row: Mapping[str, Any]) -> Shape:
        """Recognise the first row; where it is not clear, look on."""
        try:
            return self._recognise(row)
        except Refused:
            return self.shape()

    def _recognise(self, row: Mapping[str, Any]) -> Shape:
        return recognise({**row, **dict.fromkeys(self.moments, 0)}, self.columns)

    def _seen_whole(self, shape: Shape) -> tuple[Shape, list[str]]:
        """Note what usable rows hold and the deciding row does not: what is read otherwise, new columns."""
        notes, later = dict.fromkeys(shape.notes), dict[str, None]()
        for place, row in self.rows():
            if isinstance(row, Refused):
                continue
            notes.update(dict.fromkeys(notes_on(row, shape.roles)))
            if row.keys() <= shape.known:
                continue
            try:
                example(shape, row, place)
            except Refused:
                continue
            later.update(dict.fromkeys(shape.unread(row)))
        return replace(shape, notes=tuple(notes)), list(later)
