"""Word documents (.docx): headings, paragraphs, lists and tables, in the order of the document."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example, Kind, Place
from tunesmith.data.source._docx_blocks import Block, blocks
from tunesmith.data.source._fingerprint import fingerprint_of
from tunesmith.data.source._refused import Refused, checked_text
from tunesmith.data.source._sections import HEADING_LEVEL


@dataclass(frozen=True, kw_only=True)
class Docx(Source):
    """Read the text of a Word document: the whole file as one document, or each section.

    Headings, lists and tables are written as Markdown. Text that is inserted under review is read, what is
    deleted is not; headers, footers, footnotes and comments are not read.
    """

    path: Annotated[Path, Field(description="The file.")]
    document: Annotated[
        Literal["file", "section"],
        Field(
            description="What a document is: the whole file, or what stands below a heading of level 1 or 2."
        ),
    ] = "file"

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData if there is no text."""
        next(self._documents())
        return "text"

    def reads_as(self) -> str:
        """Say in a sentence how the file is read, and how to have it read otherwise."""
        if self.document == "file":
            read = "one document; split it at its headings with data.source.document=section"
        else:
            read = "a document per heading of level 1 or 2; read it as one with data.source.document=file"
        return f"Word, read as {read}; headings, lists and tables are written as Markdown"

    def fingerprint(self) -> str:
        """Change with every byte of the file, and with every option."""
        return fingerprint_of(self)

    def read(self) -> Iterator[Example | BadRow]:
        """Give every document in order; its place is the number of its first paragraph or table."""
        for first, text in self._documents():
            place = Place(str(self.path), first.number)
            try:
                yield Example(place, text=checked_text(text, "text", "the document"))
            except Refused as refused:
                yield refused.at(place)

    def _documents(self) -> Iterator[tuple[Block, str]]:
        waiting: list[Block] = []
        for block in blocks(self.path):
            begins = self.document == "section" and 0 < block.level <= HEADING_LEVEL
            if begins and waiting:
                yield waiting[0], _joined(waiting)
                waiting = []
            waiting.append(block)
        if not waiting:
            raise BadData(f"{self.path} holds no text. Check that it is the right file.")
        yield waiting[0], _joined(waiting)


def _joined(read: list[Block]) -> str:
    """Put a blank line between blocks, but none between the items of a list."""
    parts = [read[0].text]
    for before, block in pairwise(read):
        in_a_list = before.text.startswith("- ") and block.text.startswith("- ")
        parts.append(("\n" if in_a_list else "\n\n") + block.text)
    return "".join(parts)
