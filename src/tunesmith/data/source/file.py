"""One file of rows, its format known by its suffix."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import BadRow, Example, Kind
from tunesmith.data.source._columns import CompletionColumn, LabelColumn, PromptColumn, TextColumn
from tunesmith.data.source._documents import documents
from tunesmith.data.source._fingerprint import fingerprint_of
from tunesmith.data.source.csv import TAB_SUFFIXES, Csv, Delimiter
from tunesmith.data.source.jsonl import Jsonl

JSONL_SUFFIXES = (".jsonl", ".ndjson")
CSV_SUFFIXES = (".csv", *TAB_SUFFIXES)
TEXT_SUFFIXES = (".txt", ".md")

Separator = Annotated[
    str | None,
    Field(
        min_length=1, description="What stands between documents in .txt and .md files; unset: one document."
    ),
]


@dataclass(frozen=True, kw_only=True)
class File(Source):
    """Read a .jsonl, .csv, .tsv, .txt or .md file; the suffix decides how.

    An option that the format has no use for is refused.
    """

    path: Annotated[Path, Field(description="The file.")]
    prompt: PromptColumn = None
    completion: CompletionColumn = None
    text: TextColumn = None
    label: LabelColumn = None
    delimiter: Delimiter = None
    separator: Separator = None

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData if there is nothing to read."""
        rows = self._rows()
        if rows is not None:
            return rows.gives()
        next(self._documents())
        return "text"

    def reads_as(self) -> str:
        """Say in a sentence how the file is read, and how to have it read otherwise."""
        rows = self._rows()
        if rows is not None:
            return rows.reads_as()
        if self.separator is None:
            return "text, read as one document; split it with data.source.separator=..."
        return f"text, read as documents separated by {self.separator!r}"

    def fingerprint(self) -> str:
        """Change with every byte of the file, and with every option."""
        return fingerprint_of(self)

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row or document in order."""
        rows = self._rows()
        return self._documents() if rows is None else rows.read()

    def _rows(self) -> Jsonl | Csv | None:
        """Find the reader of a file of rows; None for one of documents."""
        suffix, path = self.path.suffix.lower(), self.path
        prompt, completion, text, label = self.prompt, self.completion, self.text, self.label
        if suffix in JSONL_SUFFIXES:
            self._refuse("delimiter", "separator")
            return Jsonl(path=path, prompt=prompt, completion=completion, text=text, label=label)
        if suffix in CSV_SUFFIXES:
            self._refuse("separator")
            delimiter = self.delimiter
            return Csv(
                path=path, prompt=prompt, completion=completion, text=text, label=label, delimiter=delimiter
            )
        if suffix not in TEXT_SUFFIXES:
            known = ", ".join((*JSONL_SUFFIXES, *CSV_SUFFIXES, *TEXT_SUFFIXES))
            remedy = "Name the format: data.source.name=jsonl or data.source.name=csv."
            raise BadData(
                f"{path}: the suffix {suffix!r} does not say how to read it. Known: {known}. {remedy}"
            )
        self._refuse("prompt", "completion", "text", "label", "delimiter")
        return None

    def _documents(self) -> Iterator[Example | BadRow]:
        return documents(self.path, self.separator)

    def _refuse(self, *options: str) -> None:
        values = vars(self)
        for option in options:
            if values[option] is not None:
                raise BadOption(
                    f"data.source.{option}: a {self.path.suffix} file has no use for it. Remove it."
                )
