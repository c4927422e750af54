"""Take the blocks of a Word document out of its package, in order: headings, paragraphs, lists and tables.

Written from ECMA-376 (https://ecma-international.org/publications-and-standards/standards/ecma-376/), part 1,
section 17. The markup is walked rather than python-docx's paragraphs, which leave out what stands in content
controls and in insertions under review.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from zipfile import ZipFile

from tunesmith.core.errors import BadData, MissingExtra
from tunesmith.data.source._binary import damage_named, opened_binary

if TYPE_CHECKING:
    from docx.document import Document

ENTRIES = 10_000
UNPACKED_BYTES = 256 * 1024 * 1024
MARKUP_BYTES = 64 * 1024 * 1024
"""Most files in the package, most bytes of all of them, and of those that hold markup: it grows tenfold."""

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_REMEDY = "Open it in a word processor and save it again as .docx."

_LEFT_OUT = frozenset(
    (_FALLBACK, *(f"{_WORD}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "tblPr", "sectPr")))
)
"""What repeats other content, is deleted under review, or says how things look."""

_CHARACTERS = {
    f"{_WORD}{name}": text
    for name, text in {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}.items()
}
_LISTS = ("List Bullet", "List Number")

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files of Word 2003 and before begin, and packages that are protected by a password."""


class Block(NamedTuple):
    """A paragraph or a table as Markdown: `number` counts from 1; `level` is that of a heading, or 0."""

    number: int
    text: str
    level: int


def blocks(path: Path) -> Iterator[Block]:
    """Give every block that holds text; raises BadData for a file that is damaged, protected or too large."""
    with opened_binary(path, "Word document (.docx)", (b"PK\x03\x04", _OLD)) as file:
        document = _document(path, file)
        with damage_named(path, "Word document", _REMEDY):
            read = _Reader(document)
            for number, element in enumerate(_elements(document.element.body), 1):
                text, level = read.block(element)
                if text.strip():
                    yield Block(number, text, level)


def _document(path: Path, file: BinaryIO) -> "Document":
    try:
        from docx import Document
    except ImportError:
        raise MissingExtra("Reading Word documents", "data") from None
    if file.read(len(_OLD)) == _OLD:
        remedy = "Save it as .docx without a password."
        raise BadData(f"{path} is protected by a password, or of Word 2003 and before. {remedy}")
    with damage_named(path, "Word document", _REMEDY):
        _check_size(path, file)
        return Document(file)


def _check_size(path: Path, file: BinaryIO) -> None:
    """Hold what the package says of its sizes against the limits; no more than it says is ever unpacked."""
    with ZipFile(file) as package:
        entries = package.infolist()
    if len(entries) > ENTRIES:
        raise BadData(f"{path} packs {len(entries):,} files, more than {ENTRIES:,}. {_REMEDY}")
    if (total := sum(entry.file_size for entry in entries)) > UNPACKED_BYTES:
        raise BadData(
            f"{path} unpacks to {total:,} bytes, more than {UNPACKED_BYTES:,}. Remove its pictures."
        )
    markup = sum(entry.file_size for entry in entries if entry.filename.lower().endswith((".xml", ".rels")))
    if markup > MARKUP_BYTES:
        raise BadData(f"{path} unpacks to {markup:,} bytes of markup, more than {MARKUP_BYTES:,}. Split it.")


def _elements(parent: Any) -> Iterator[Any]:
    """Give paragraphs and tables, out of content controls, sections of custom markup and reviews."""
    for child in parent:
        if child.tag in (f"{_WORD}p", f"{_WORD}tbl"):
            yield child
        elif child.tag not in _LEFT_OUT:
            yield from _elements(child)


class _Reader:
    """Turns blocks into text; remembers what each paragraph style says."""

    def __init__(self, document: "Document") -> None:
        self.names = {style.style_id: style.name or "" for style in document.styles}

    def block(self, element: Any) -> tuple[str, int]:
        """Give a block's text, and its level if it is a heading."""
        if element.tag == f"{_WORD}tbl":
            return "\n".join(self._row(row) for row in _children(element, "tr")), 0
        text, style = _text(element), self._style(element)
        if level := _level(style):
            return f"{'#' * level} {' '.join(text.split())}" if text.strip() else "", level
        listed = style.startswith(_LISTS) or element.find(f"./{_WORD}pPr/{_WORD}numPr") is not None
        return f"- {text.strip()}" if listed and text.strip() else text.strip("\n"), 0

    def _row(self, row: Any) -> str:
        cells = [self._cell(cell) for cell in _children(row, "tc")]
        return f"| {' | '.join(cells)} |" if any(cells) else ""

    def _cell(self, cell: Any) -> str:
        texts = (self.block(element)[0] for element in _elements(cell))
        return " ".join(" ".join(texts).split())

    def _style(self, paragraph: Any) -> str:
        found = paragraph.find(f"./{_WORD}pPr/{_WORD}pStyle")
        return "" if found is None else self.names.get(found.get(f"{_WORD}val", ""), "")


def _children(parent: Any, name: str) -> Iterator[Any]:
    for child in parent:
        if child.tag == f"{_WORD}{name}":
            yield child
        elif child.tag not in _LEFT_OUT and child.tag != f"{_WORD}tbl":
            yield from _children(child, name)


def _text(parent: Any) -> str:
    return "".join(_pieces(parent))


def _pieces(parent: Any) -> Iterator[str]:
    for child in parent:
        if child.tag == f"{_WORD}t":
            yield child.text or ""
        elif child.tag in _CHARACTERS:
            yield _CHARACTERS[child.tag]
        elif child.tag == f"{_WORD}p":  # in a text box
            yield f"\n{_text(child)}\n"
        elif child.tag not in _LEFT_OUT:
            yield from _pieces(child)


def _level(style: str) -> int:
    if style == "Title":
        return 1
    found = re.fullmatch(r"[Hh]eading ([1-9])", style)
    return min(int(found[1]), 6) if found else 0
