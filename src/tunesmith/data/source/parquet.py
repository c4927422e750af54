"""Parquet: rows in columns, as data sets of the Hugging Face hub are kept (https://parquet.apache.org)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.example import BadRow, Example, Kind
from tunesmith.data.source._columns import UNSET, ColumnsOption
from tunesmith.data.source._fingerprint import fingerprint_of
from tunesmith.data.source._parquet_rows import Layout, layout, rows
from tunesmith.data.source._table import Table

MOST_NAMED = 3
"""Names of labels in a sentence; more are counted."""


@dataclass(frozen=True, kw_only=True)
class Parquet(Source):
    """Read a Parquet file, a few rows at a time; a row's place is its number.

    Numbers of class labels become the names that the file gives them. Times become text, decimals numbers,
    and NaN is null. A column of bytes, such as images, is not read: true stands in its place.
    """

    path: Annotated[Path, Field(description="The file.")]
    columns: ColumnsOption = UNSET

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData where no row's columns are clear."""
        return self._table(layout(self.path)).shape().kind

    def reads_as(self) -> str:
        """Say in a sentence how the columns are read, and how to have them read otherwise."""
        file = layout(self.path)
        said = self._table(file).shape().sentence("Parquet")
        for column, names in file.names.items():
            more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
            named = ", ".join(map(repr, names[:MOST_NAMED]))
            said += f"; numbers of {column!r} stand for the names in the file: {named}{more}"
        unread = ", ".join(map(repr, file.unread))
        return f"{said}; columns of bytes are not read: {unread}" if unread else said

    def fingerprint(self) -> str:
        """Change with every byte of the file, and with every option."""
        return fingerprint_of(self)

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row in order, in constant memory."""
        return self._table(layout(self.path)).read()

    def _table(self, file: Layout) -> Table:
        return Table(lambda: rows(self.path), self.columns, file.moments)
