"""Recognise from its first bytes a file that is not text in UTF-8, and say what it is and what to do."""

import codecs
import re
import shlex
from pathlib import Path

from tunesmith.core.errors import BadData
from tunesmith.data.source._refused import FIX

HEAD_BYTES = 4096
"""How much of a file is looked at."""

MOST_STRAY_ZEROS = 8
"""Fewer zeros than this are taken for damage."""

_UNPACK = "Unpack it first."
_EXPORT_TABLE = "Export it as JSONL."
_EXPORT_TEXT = "Export its text first."
_EXPORT_SHEET = "Export the sheet as CSV in UTF-8."
_WEIGHTS = "It holds weights of a model, not rows. Name the file with the rows."
_PICKLE = "Loading it could run strangers' code, so it is never loaded. Export the rows as JSONL."

_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh[1-9]1AY&SY", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", _UNPACK),
    (rb"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"(?s:.{257})ustar", "a tar archive", _UNPACK),
    (rb"PK\x03\x04(?s:.*)(?:xl/|\[Content_Types\]\.xml(?s:.*)xl)", "an Excel workbook", _EXPORT_SHEET),
    (rb"PK\x03\x04(?s:.*)word/", "a Word document", _EXPORT_TEXT),
    (
        b"PK[\x03\x05]",
        "a ZIP archive or an Excel workbook",
        "Unpack it, or export the sheet as CSV in UTF-8.",
    ),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook or Word document", _EXPORT_SHEET),
    (b"%PDF-", "a PDF document", _EXPORT_TEXT),
    (rb"\{\\rtf", "a rich text document", _EXPORT_TEXT),
    (b"PAR1", "a Parquet file", _EXPORT_TABLE),
    (b"ARROW1\0", "an Arrow file", _EXPORT_TABLE),
    (b"\xff\xff\xff\xff(?s:..)\0\0", "an Arrow stream", _EXPORT_TABLE),
    (b"Obj\x01", "an Avro file", _EXPORT_TABLE),
    (b"SQLite format 3\0", "an SQLite database", "Export the table as JSONL or CSV."),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _EXPORT_TABLE),
    (b"\x93NUMPY", "a NumPy array", _EXPORT_TABLE),
    (b"\x80[\x02-\x05]", "a Python pickle", _PICKLE),
    (rb'(?s:.{3})[\0-\x05]\0{4}\{"', "a safetensors file", _WEIGHTS),
    (b"GGUF[\x01-\x09]\0\0\0", "a GGUF file", _WEIGHTS),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself", "Fetch it: git lfs pull."),
    (b"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a", "an image", "Name the file with the rows."),
)
"""Patterns of first bytes, what they mean, and what to do about it; the first that fits counts."""

_WIDE_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32LE"),
    (b"\0\0\xfe\xff", "UTF-32BE"),
    (b"\xff\xfe", "UTF-16LE"),
    (b"\xfe\xff", "UTF-16BE"),
)
_ZEROS: dict[tuple[bool, ...], str] = {
    (False, True, True, True): "UTF-32LE",
    (True, True, True, False): "UTF-32BE",
    (False, True, False, True): "UTF-16LE",
    (True, False, True, False): "UTF-16BE",
}


def check_signature(path: Path, head: bytes) -> None:
    """Raise BadData for a file whose first bytes are not those of a text in UTF-8."""
    for pattern, name, remedy in _SIGNATURES:
        if re.match(pattern, head):
            raise BadData(f"{path} looks like {name}. {remedy}")
    if encoding := wide_encoding(head):
        convert = f"iconv -f {encoding} -t UTF-8 {shlex.quote(str(path))}"
        raise BadData(f"{path} looks like {encoding[:6]}. Save it as UTF-8. {convert} does it, and {FIX}.")


def wide_encoding(head: bytes) -> str | None:
    """Name the encoding of a text whose characters take two or four bytes, by its mark or its zeros."""
    for mark, encoding in _WIDE_MARKS:
        if head.startswith(mark):
            return encoding
    # A few ASCII characters without a mark still give the width away (RFC 4627, section 3).
    if by_start := _ZEROS.get(tuple(byte == 0 for byte in head[:4])):
        return by_start
    return _by_share_of_zeros(head)


def _by_share_of_zeros(head: bytes) -> str | None:
    """Recognise UTF-16 that begins in another script: one of the two bytes of spaces and digits is zero."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < max(MOST_STRAY_ZEROS, len(head) // 50) or min(even, odd) * 20 > max(even, odd):
        return None
    encoding = "UTF-16BE" if even > odd else "UTF-16LE"
    # What is looked at may end inside a character.
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    return encoding if all(c.isprintable() or c.isspace() for c in text) and not _is_utf8(head) else None


def _is_utf8(head: bytes) -> bool:
    """Is it UTF-8, but for zeros?"""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head.replace(b"\0", b""))
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c.isspace() for c in text)
