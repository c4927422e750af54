"""PDF: the text that a file says it holds, page by page (ISO 32000-2, https://pdfa.org/resource/iso-32000-2/)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example, Kind, Place
from tunesmith.data.source._fingerprint import fingerprint_of
from tunesmith.data.source._pdf_pages import Page, pages
from tunesmith.data.source._refused import Refused, checked_text

DOCUMENT_CHARACTERS = 64 * 1024 * 1024
"""The longest text of one document."""

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_SOFT_HYPHEN = re.compile("\N{SOFT HYPHEN}[ \t]*\n?[ \t]*")
_HYPHEN = re.compile(r"(\w)-[ \t]*\n[ \t]*(\w)")


@dataclass(frozen=True, kw_only=True)
class Pdf(Source):
    """Read the text of a PDF: the whole file as one document, or each page.

    The text is in the order in which the file draws it; headers, footers and page numbers are part of it. A
    page without text that shows something is refused: it may be scanned. A blank page is no page.
    """

    path: Annotated[Path, Field(description="The file.")]
    document: Annotated[
        Literal["file", "page"], Field(description="What a document is: the whole file, or each page.")
    ] = "file"
    join_hyphens: Annotated[
        bool, Field(description="Join a word that is hyphenated at the end of a line; its hyphen goes.")
    ] = True

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData for a file that cannot be read."""
        next(pages(self.path))
        return "text"

    def reads_as(self) -> str:
        """Say in a sentence how the file is read, and how to have it read otherwise."""
        if self.document == "file":
            read = "one document; read each page as one with data.source.document=page"
        else:
            read = "a document per page; read the file as one with data.source.document=file"
        done, otherwise = ("joined", "false") if self.join_hyphens else ("kept as they are", "true")
        hyphens = (
            f"words hyphenated at line ends are {done} (data.source.join_hyphens={otherwise} changes it)"
        )
        return f"PDF, read as {read}; ligatures are spelt out, {hyphens}"

    def fingerprint(self) -> str:
        """Change with every byte of the file, and with every option."""
        return fingerprint_of(self)

    def read(self) -> Iterator[Example | BadRow]:
        """Give every document in order, and every page that is refused."""
        waiting: list[Page] = []
        found, characters = False, 0
        for page in pages(self.path):
            found = found or isinstance(page, BadRow) or bool(page.text)
            if isinstance(page, BadRow):
                yield page
            elif page.text and self.document == "page":
                yield self._document([page])
            elif page.text:
                waiting.append(page)
                characters += len(page.text)
                self._check_length(characters, page.number)
        if waiting:
            yield self._document(waiting)
        if not found:
            raise BadData(f"{self.path} shows nothing on any page. Check that it is the right file.")

    def _document(self, read: list[Page]) -> Example | BadRow:
        place = Place(str(self.path), read[0].number)
        try:
            text = "\n\n".join(self._tidied(page.text) for page in read)
            return Example(place, text=checked_text(text, "text", "the document"))
        except Refused as refused:
            return refused.at(place)

    def _tidied(self, text: str) -> str:
        text = _SOFT_HYPHEN.sub("", text.translate(_LIGATURES).replace("\r\n", "\n"))
        if self.join_hyphens:
            text = _HYPHEN.sub(_join, text)
        return "\n".join(line.rstrip() for line in text.strip().split("\n"))

    def _check_length(self, characters: int, page: int) -> None:
        if characters > DOCUMENT_CHARACTERS:
            raise BadData(
                f"{self.path} has more than {DOCUMENT_CHARACTERS:,} characters by page {page:,}. "
                "Read each page as a document: data.source.document=page."
            )


def _join(found: re.Match[str]) -> str:
    """Join lower-case letters only: GPL-3 and Anglo-American keep their hyphens."""
    before, after = found.groups()
    return before + after if before.islower() and after.islower() else found.group()
