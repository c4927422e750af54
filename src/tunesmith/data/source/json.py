"""JSON: an array of rows, or an object that holds one (RFC 8259, https://www.rfc-editor.org/rfc/rfc8259)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.example import BadRow, Example, Kind, Place
from tunesmith.data.source._columns import UNSET, ColumnsOption
from tunesmith.data.source._fingerprint import fingerprint_of
from tunesmith.data.source._json_rows import rows
from tunesmith.data.source._lines import LINE_BYTES
from tunesmith.data.source._refused import FIX, Refused
from tunesmith.data.source._strict_json import parse_object
from tunesmith.data.source._table import Found, Table

RowsOption = Annotated[
    str | None,
    Field(description="Key of the array of rows in a JSON file's object; unset: its only array of objects."),
]


@dataclass(frozen=True, kw_only=True)
class Json(Source):
    """Read a JSON file: an array of rows, or an object that holds one array of rows.

    The first row whose columns are clear decides how all are read. A row's place is that of its first byte.
    """

    path: Annotated[Path, Field(description="The file.")]
    rows: RowsOption = None
    columns: ColumnsOption = UNSET

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData where no row's columns are clear."""
        return self._table().shape().kind

    def reads_as(self) -> str:
        """Say in a sentence how the columns are read, and how to have them read otherwise; reads all rows."""
        return self._table().sentence("JSON")

    def fingerprint(self) -> str:
        """Change with every byte of the file, and with every option."""
        return fingerprint_of(self)

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row in order, in constant memory."""
        return self._table().read()

    def _table(self) -> Table:
        return Table(self._found, self.columns)

    def _found(self) -> Iterator[Found]:
        for value in rows(self.path, self.rows):
            try:
                row: dict[str, Any] | Refused = _parse(value.content)
            except Refused as refused:
                row = refused
            yield Found(Place(str(self.path), value.line, value.byte), row)


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > LINE_BYTES:
        found = f"more than {LINE_BYTES:,} bytes: {content[:30].decode(errors='backslashreplace')}"
        raise Refused("row too long", found, "Split the row.")
    if not content:
        raise Refused(
            "not a JSON object", "nothing, but a comma too many", f"Remove the comma; {FIX} does it."
        )
    if not content.startswith(b"{"):
        found = content[:60].decode(errors="backslashreplace")
        raise Refused("not a JSON object", found, "Write every row as an object: {...}.")
    return parse_object(content)
