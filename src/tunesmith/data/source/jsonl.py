"""JSONL: one JSON object per line (https://jsonlines.org, https://www.rfc-editor.org/rfc/rfc8259)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example, Kind, Place
from tunesmith.data.source._columns import (
    Columns,
    CompletionColumn,
    LabelColumn,
    PromptColumn,
    Shape,
    TextColumn,
    recognise,
)
from tunesmith.data.source._fingerprint import fingerprint_of
from tunesmith.data.source._lines import Line, lines, opened
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._rows import example
from tunesmith.data.source._strict_json import parse_object

MOST_NAMED = 5
"""Columns named in a sentence; more are counted."""


@dataclass(frozen=True, kw_only=True)
class Jsonl(Source):
    """Read a JSONL file: chats, prompts with completions, labelled or raw text, one row per line.

    The first row whose columns are clear decides how all are read. A column that only later rows have is
    ignored, unless its name says that it changes what is learned: then the row is refused. A blank line holds
    no row.
    """

    path: Annotated[Path, Field(description="The file.")]
    prompt: PromptColumn = None
    completion: CompletionColumn = None
    text: TextColumn = None
    label: LabelColumn = None

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData where no row's columns are clear."""
        return self._shape().kind

    def reads_as(self) -> str:
        """Say in a sentence how the columns are read, and how to have them read otherwise; reads all rows."""
        shape = self._shape()
        later = self._later_columns(shape)
        named = ", ".join(map(repr, later[:MOST_NAMED]))
        more = f" and {len(later) - MOST_NAMED:,} more" if len(later) > MOST_NAMED else ""
        said = shape.sentence("JSONL")
        return f"{said}; ignored columns that only later rows have: {named}{more}" if later else said

    def fingerprint(self) -> str:
        """Change with every byte of the file, and with every option."""
        return fingerprint_of(self)

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row in order, in constant memory."""
        shape, found = None, False
        for line in self._lines():
            found = True
            place = Place(str(self.path), line.number, line.byte)
            try:
                row = parse_object(line.content)
                shape = shape or self._shape()
                result = example(shape, row, place)
            except Refused as refused:
                result = refused.at(place)
            yield result
        if not found:
            raise self._no_rows()

    def _shape(self) -> Shape:
        columns = Columns(prompt=self.prompt, completion=self.completion, text=self.text, label=self.label)
        first_doubt = None
        for line in self._lines():
            try:
                return recognise(parse_object(line.content), columns)
            except Refused as refused:
                first_doubt = first_doubt or refused.at(Place(str(self.path), line.number, line.byte))
        raise BadData(f"No row can be used. The first: {first_doubt}") if first_doubt else self._no_rows()

    def _later_columns(self, shape: Shape) -> list[str]:
        """List what usable rows hold in columns that the deciding row lacks, in the order of the file."""
        later: dict[str, None] = {}
        for line in self._lines():
            try:
                row = parse_object(line.content)
                example(shape, row, Place(str(self.path), line.number, line.byte))
            except Refused:
                continue
            later.update(dict.fromkeys(name for name in row if name not in shape.known))
        return list(later)

    def _lines(self) -> Iterator[Line]:
        with opened(self.path) as file:
            yield from (line for line in lines(file) if not line.content.isspace())

    def _no_rows(self) -> BadData:
        return BadData(f"{self.path} holds nothing but blank lines. Put at least one row into it.")
