"""One file of rows, its format known by its suffix."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import BadRow, Example, Kind
from tunesmith.data.source._columns import UNSET, ColumnsOption
from tunesmith.data.source._documents import documents
from tunesmith.data.source._fingerprint import fingerprint_of
from tunesmith.data.source.csv import TAB_SUFFIXES, Csv, Delimiter
from tunesmith.data.source.docx import Docx
from tunesmith.data.source.json import Json, RowsOption
from tunesmith.data.source.jsonl import Jsonl
from tunesmith.data.source.parquet import Parquet
from tunesmith.data.source.pdf import Pdf

TEXT_SUFFIXES = (".txt", ".md")

Separator = Annotated[
    str | None,
    Field(
        min_length=1, description="What stands between documents in .txt and .md files; unset: one document."
    ),
]


class Format(NamedTuple):
    """What reads files of some suffixes, and the options that it has a use for."""

    suffixes: tuple[str, ...]
    reader: Callable[..., Source]
    options: tuple[str, ...] = ()


FORMATS = (
    Format((".jsonl", ".ndjson"), Jsonl, ("columns",)),
    Format((".json",), Json, ("columns", "rows")),
    Format((".csv", *TAB_SUFFIXES), Csv, ("columns", "delimiter")),
    Format((".parquet",), Parquet, ("columns",)),
    Format((".pdf",), Pdf),
    Format((".docx",), Docx),
)
"""Files that another source reads; .txt and .md files are read here."""


@dataclass(frozen=True, kw_only=True)
class File(Source):
    """Read a .jsonl, .json, .csv, .tsv, .parquet, .txt, .md, .pdf or .docx file, as its suffix says.

    An option that the format has no use for is refused. What a source of its own has further options for is
    read with their defaults.
    """

    path: Annotated[Path, Field(description="The file.")]
    columns: ColumnsOption = UNSET
    rows: RowsOption = None
    delimiter: Delimiter = None
    separator: Separator = None

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData if there is nothing to read."""
        reader = self._reader()
        if reader is not None:
            return reader.gives()
        next(self._documents())
        return "text"

    def reads_as(self) -> str:
        """Say in a sentence how the file is read, and how to have it read otherwise."""
        reader = self._reader()
        if reader is not None:
            return reader.reads_as()
        if self.separator is None:
            return "text, read as one document; split it with data.source.separator=..."
        return f"text, read as documents separated by {self.separator!r}"

    def fingerprint(self) -> str:
        """Change with every byte of the file, and with every option."""
        return fingerprint_of(self)

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row or document in order."""
        reader = self._reader()
        return self._documents() if reader is None else reader.read()

    def _reader(self) -> Source | None:
        """Find the source that reads this file; None for documents that are read here."""
        suffix, options = self.path.suffix.lower(), vars(self)
        for found in FORMATS:
            if suffix in found.suffixes:
                self._refuse_all_but(found.options)
                return found.reader(path=self.path, **{name: options[name] for name in found.options})
        if suffix not in TEXT_SUFFIXES:
            raise BadData(self._unknown(suffix))
        self._refuse_all_but(("separator",))
        return None

    def _documents(self) -> Iterator[Example | BadRow]:
        return documents(self.path, self.separator)

    def _refuse_all_but(self, useful: tuple[str, ...]) -> None:
        for option, value in vars(self).items():
            if option not in ("path", *useful) and value not in (None, UNSET):
                suffix = self.path.suffix
                raise BadOption(f"data.source.{option}: a {suffix} file has no use for it. Remove it.")

    def _unknown(self, suffix: str) -> str:
        if self.path.is_dir():
            return f"{self.path} is a folder. Give one file, or read them all with data.source.name=folder."
        known = ", ".join((*(one for found in FORMATS for one in found.suffixes), *TEXT_SUFFIXES))
        remedy = "Name the format: data.source.name=jsonl or data.source.name=csv."
        return f"{self.path}: the suffix {suffix!r} does not say how to read it. Known: {known}. {remedy}"
