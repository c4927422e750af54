"""JSONL: one JSON object per line (https://jsonlines.org, https://www.rfc-editor.org/rfc/rfc8259)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example, Kind, Place
from tunesmith.data.source._columns import UNSET, ColumnsOption
from tunesmith.data.source._fingerprint import fingerprint_of
from tunesmith.data.source._lines import opened
from tunesmith.data.source._objects import objects
from tunesmith.data.source._table import Found, Table


@dataclass(frozen=True, kw_only=True)
class Jsonl(Source):
    """Read a JSONL file, one row per line: chats, prompts with answers, pairs, ratings, labels or text.

    The first row whose columns are clear decides how all are read. A column that only later rows have is not
    learned from, unless its name says that it changes what is learned: then it is read where it can be, and
    the row refused where not. A blank line holds no row.
    """

    path: Annotated[Path, Field(description="The file.")]
    columns: ColumnsOption = UNSET

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData where no row's columns are clear."""
        return self._table().shape().kind

    def reads_as(self) -> str:
        """Say in a sentence how the columns are read, and how to have them read otherwise; reads all rows."""
        return self._table().sentence("JSONL")

    def fingerprint(self) -> str:
        """Change with every byte of the file, and with every option."""
        return fingerprint_of(self)

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row in order, in constant memory."""
        return self._table().read()

    def _table(self) -> Table:
        return Table(self._rows, self.columns)

    def _rows(self) -> Iterator[Found]:
        name, found = str(self.path), False
        with opened(self.path) as file:
            for line, byte, row in objects(file):
                found = True
                yield Found(Place(name, line, byte), row)
        if not found:
            raise BadData(f"{self.path} holds nothing but blank lines. Put at least one row into it.")
