"""Take the text out of a PDF, page by page."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tunesmith.core.errors import BadData, MissingExtra
from tunesmith.core.example import BadRow, Place
from tunesmith.data.source._binary import damage_named, opened_binary
from tunesmith.data.source._refused import Refused

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

PAGES = 10_000
"""The longest file that is read."""

PAGE_CHARACTERS = 8 * 1024 * 1024
"""The longest text of one page."""

BLANK_BYTES = 500
"""Drawing instructions of a page that shows nothing: a frame or a line at most."""

HEADER_WITHIN = 1024
"""A PDF may begin with other bytes, but not many (ISO 32000-2, annex I)."""

_REMEDY = "Open it in a viewer and print it to a new PDF."
_OCR = "It may be scanned: recognise its text first (OCR), or leave it out with data.bad_rows=drop."


class Page(NamedTuple):
    """The text of one page: `number` counts from 1; a page that shows nothing has none."""

    number: int
    text: str


def pages(path: Path) -> Iterator[Page | BadRow]:
    """Give every page in order, or say why it has no text although it shows something.

    Raises BadData for a file that is no PDF, is protected by a password, or is too long. The sizes of what is
    unpacked are limited by pypdf, to 75 MB a piece.
    """
    with opened_binary(path, "PDF", (b"%PDF-",), HEADER_WITHIN) as file:
        reader = _reader(path, file)
        with damage_named(path, "PDF", _REMEDY), _silence():
            count = len(reader.pages)
        if not count:
            raise BadData(f"{path} has no pages. {_REMEDY}")
        if count > PAGES:
            raise BadData(f"{path} has {count:,} pages, more than {PAGES:,}. Split it into several files.")
        for number in range(1, count + 1):
            yield _page(reader, number, Place(str(path), number))


def _reader(path: Path, file: BinaryIO) -> "PdfReader":
    try:
        from pypdf import PdfReader
        from pypdf.errors import DependencyError
    except ImportError:
        raise MissingExtra("Reading PDF", "data") from None
    locked = f"{path} is protected by a password. Save a copy without protection, and read that."
    with damage_named(path, "PDF", _REMEDY), _silence():
        try:
            reader = PdfReader(file)
            # Many files are encrypted with an empty password: they forbid copying, not reading.
            if reader.is_encrypted and not reader.decrypt(""):
                raise BadData(locked)
        except DependencyError:
            raise BadData(locked) from None
        return reader


def _page(reader: "PdfReader", number: int, place: Place) -> Page | BadRow:
    try:
        with _silence():
            page = reader.pages[number - 1]
            text = page.extract_text().strip()
            if not text:
                return _without_text(page, number, place)
    except Exception as error:  # pypdf does not list what a damaged page can make it raise
        return Refused("page cannot be read", str(error) or type(error).__name__, _REMEDY).at(place)
    if len(text) > PAGE_CHARACTERS:
        found = f"page {number} has {len(text):,} characters, more than {PAGE_CHARACTERS:,}"
        return Refused("page too long", found, "Leave it out with data.bad_rows=drop.").at(place)
    return Page(number, text)


def _without_text(page: "PageObject", number: int, place: Place) -> Page | BadRow:
    resources, contents = page.get("/Resources"), page.get_contents()
    has_objects = resources is not None and "/XObject" in resources.get_object()
    drawn = 0 if contents is None else len(contents.get_data())
    if not has_objects and drawn <= BLANK_BYTES:
        return Page(number, "")
    return Refused("no text", f"page {number} has no text", _OCR).at(place)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep pypdf's log off the terminal: what matters is said by a row's refusal."""
    log = logging.getLogger("pypdf")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)
