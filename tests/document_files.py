"""Small PDF and Word files, made for a test; and damage to files of any kind."""

import re
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from hypothesis import strategies as st

from tunesmith.core.contracts import Source
from tunesmith.core.errors import TunesmithError


def pdf(*pages: str, drawn: bytes = b"", image_on: int | None = None) -> bytes:
    """Write a PDF with a page per text; the character \\x01 is the ligature fi.

    `drawn` are further instructions for every page; the page `image_on`, from 1, shows an image.
    """
    kids = " ".join(f"{10 + 2 * number} 0 R" for number in range(len(pages)))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding "
        b"<< /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [1 /fi] >> >>",
        4: _stream(
            b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8",
            b"\xff",
        ),
    }
    for number, text in enumerate(pages):
        image = " /XObject << /Im1 4 0 R >>" if image_on == number + 1 else ""
        objects[10 + 2 * number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {11 + 2 * number} 0 R "
            f"/Resources << /Font << /F1 3 0 R >>{image} >> >>"
        ).encode()
        objects[11 + 2 * number] = _stream(b"", _lines(text) + drawn)
    return _file(objects)


def docx(path: Path, body: str) -> Path:
    """Write a Word document whose body is this markup, with w: for Word's own names, and usual styles."""
    return repacked(_empty_docx(), path, {"word/document.xml": lambda old: _with_body(old, body)})


def repacked(
    package: bytes,
    path: Path,
    changes: Mapping[str, Callable[[bytes], bytes]],
    more: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a package anew with some of its files changed, and more of them."""
    with zipfile.ZipFile(BytesIO(package)) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, changes[name](content) if name in changes else content)
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return path


def paragraph(text: str, style: str = "") -> str:
    """Write a paragraph of one run."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def damaged(data: st.DataObject, content: bytes) -> bytes:
    """Damage a file in a few places, as hypothesis chooses."""
    broken = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        broken[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    return bytes(broken)


def read_or_named(source: Source, name: str) -> None:
    """Read all rows; where that fails, it must be an error of our own that names the file."""
    try:
        list(source.read())
    except TunesmithError as error:
        message = str(error)
    else:
        return
    assert name in message


@cache
def _empty_docx() -> bytes:
    from docx import Document

    buffer = BytesIO()
    Document().save(buffer)
    return buffer.getvalue()


def _lines(text: str) -> bytes:
    escaped = re.sub(r"([()\\])", r"\\\1", text)
    shown = b" ".join(b"(" + line.encode("cp1252") + b") Tj T*" for line in escaped.split("\n") if line)
    return b"BT /F1 12 Tf 14 TL 72 720 Td " + shown + b" ET\n" if text else b""


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def _file(objects: dict[int, bytes]) -> bytes:
    content, places = b"%PDF-1.7\n", {}
    for number, body in objects.items():
        places[number] = len(content)
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(content)
    size = max(places) + 1
    content += b"xref\n0 %d\n" % size
    for number in range(size):
        used = number in places
        content += b"%010d %05d %s \n" % (places.get(number, 0), 0 if used else 65535, b"n" if used else b"f")
    return content + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, table)


def _with_body(document: bytes, body: str) -> bytes:
    text = document.decode()
    start, end = text.index("<w:body>") + len("<w:body>"), text.index("</w:body>")
    return (text[:start] + body + text[end:]).encode()
