"""Read a plain text file as documents with their places, holding one document at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example, Place
from tunesmith.data.source._lines import decode, opened
from tunesmith.data.source._refused import Refused, checked_text

_CHUNK_BYTES = 1024 * 1024


def documents(path: Path, separator: str | None) -> Iterator[Example | BadRow]:
    """Give the documents between separators; without one, the whole file is one document.

    Line ends around a document are not part of it; a document of nothing but white space is none.
    """
    mark, number, found = (separator or "").encode(), 1, False
    with opened(path) as file:
        byte = file.tell()
        for piece in _pieces(file, mark):
            document = piece.lstrip(b"\r\n")
            skipped = piece[: len(piece) - len(document)]
            if document.strip():
                found = True
                place = Place(str(path), number + skipped.count(b"\n"), byte + len(skipped))
                yield _document(document.rstrip(b"\r\n"), place)
            number += piece.count(b"\n") + mark.count(b"\n")
            byte += len(piece) + len(mark)
    if not found:
        raise BadData(f"{path} holds nothing but white space. Put at least one document into it.")


def _pieces(file: BinaryIO, mark: bytes) -> Iterator[bytes]:
    if not mark:
        yield file.read()
        return
    waiting = bytearray()
    while chunk := file.read(_CHUNK_BYTES):
        start = max(0, len(waiting) + 1 - len(mark))  # what waits holds no whole mark, but may end in a part
        waiting += chunk
        while (end := waiting.find(mark, start)) >= 0:
            yield bytes(waiting[:end])
            del waiting[: end + len(mark)]
            start = 0
    yield bytes(waiting)


def _document(content: bytes, place: Place) -> Example | BadRow:
    try:
        return Example(place, text=checked_text(decode(content), "text", "the document"))
    except Refused as refused:
        return refused.at(place)
