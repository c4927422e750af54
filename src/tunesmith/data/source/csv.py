"""CSV and TSV with a header row (RFC 4180, https://www.rfc-editor.org/rfc/rfc4180)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example, Kind, Place
from tunesmith.data.source._columns import UNSET, ColumnsOption, recognise
from tunesmith.data.source._fingerprint import fingerprint_of
from tunesmith.data.source._lines import opened
from tunesmith.data.source._records import Record, records
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._rows import example
from tunesmith.data.source._shape import Shape

TAB_SUFFIXES = (".tsv", ".tab")

Delimiter = Annotated[
    Literal[",", ";", "\t", "|"] | None,
    Field(description="What separates fields; unset: a tab in .tsv and .tab files, else a comma."),
]


@dataclass(frozen=True, kw_only=True)
class Csv(Source):
    """Read a CSV or TSV file whose first row names the columns, with line ends allowed in quoted fields.

    The header decides how rows are read, and where it leaves a choice the first row. A row's place is that of
    its first line. A row with more or fewer fields than the header is refused. A blank line holds no row.
    """

    path: Annotated[Path, Field(description="The file.")]
    columns: ColumnsOption = UNSET
    delimiter: Delimiter = None

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData where the columns are not clear."""
        return self._shape().kind

    def reads_as(self) -> str:
        """Say in a sentence how the columns are read, and how to have them read otherwise."""
        form = "TSV" if self._separator == "\t" else "CSV"
        return self._shape().sentence(form)

    def fingerprint(self) -> str:
        """Change with every byte of the file, and with every option."""
        return fingerprint_of(self)

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row in order, in constant memory."""
        rows, found = self._records(), False
        header, shape = self._header(rows), self._shape()
        for record in rows:
            found = True
            place = self._place(record)
            try:
                result = example(shape, _by_column(record.fields, header), place)
            except Refused as refused:
                result = refused.at(place)
            yield result
        if not found:
            raise BadData(f"{self.path} has a header but no rows. Put at least one row below it.")

    @property
    def _separator(self) -> str:
        return self.delimiter or ("\t" if self.path.suffix.lower() in TAB_SUFFIXES else ",")

    def _records(self) -> Iterator[Record]:
        with opened(self.path) as file:
            yield from records(file, self._separator)

    def _header(self, rows: Iterator[Record]) -> list[str]:
        first = next(rows, None)
        if first is None:
            raise BadData(f"{self.path} holds nothing but blank lines. Put a header and rows into it.")
        if isinstance(first.fields, Refused):
            raise BadData(f"The header cannot be read. {first.fields.at(self._place(first))}")
        names = [name for name in first.fields if name]
        if twice := [name for name in names if names.count(name) > 1]:
            raise BadData(f"{self.path}: two columns are called {twice[0]!r}. Rename one of them.")
        return first.fields

    def _shape(self) -> Shape:
        rows = self._records()
        header = self._header(rows)
        whole = (
            row.fields for row in rows if isinstance(row.fields, list) and len(row.fields) == len(header)
        )
        first = next(whole, [""] * len(header))
        try:
            return recognise(dict(zip(header, first, strict=True)), self.columns)
        except Refused as refused:
            hint = next((mark for mark in ";\t|," if len(header) == 1 and mark in header[0]), None)
            advice = f" Perhaps the delimiter is {hint!r}: data.source.delimiter={hint!r}." if hint else ""
            raise BadData(f"{refused.at(Place(str(self.path), 1, 0))}{advice}") from None

    def _place(self, record: Record) -> Place:
        return Place(str(self.path), record.line, record.byte)


def _by_column(fields: list[str] | Refused, header: list[str]) -> dict[str, str]:
    if isinstance(fields, Refused):
        raise fields
    if len(fields) != len(header):
        found = f"{len(fields)} fields, the header has {len(header)}: {' | '.join(fields)}"
        remedy = "Give the row one field per column; quote fields that hold the delimiter or a line end."
        raise Refused("wrong number of fields", found, remedy)
    return dict(zip(header, fields, strict=True))
