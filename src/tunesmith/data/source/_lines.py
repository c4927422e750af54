"""Open a data file, and give its lines with their places, in constant memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tunesmith.core.errors import BadData
from tunesmith.data.source._refused import Refused

LINE_BYTES = 8 * 1024 * 1024
"""The longest line that is read, its line end included."""

UTF8_MARK = b"\xef\xbb\xbf"

_SAVE_AS_UTF8 = "Save it as UTF-8."
_SIGNATURES = (
    (b"\xff\xfe\0\0", "UTF-32", _SAVE_AS_UTF8),
    (b"\0\0\xfe\xff", "UTF-32", _SAVE_AS_UTF8),
    (b"\xff\xfe", "UTF-16", _SAVE_AS_UTF8),
    (b"\xfe\xff", "UTF-16", _SAVE_AS_UTF8),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook", "Unpack it, or export the sheet as CSV in UTF-8."),
    (b"PAR1", "a Parquet file", "Export it as JSONL."),
)


class Line(NamedTuple):
    """One line with its line end: `number` from 1, `byte` its offset; cut after LINE_BYTES + 1 bytes."""

    number: int
    byte: int
    content: bytes


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a data file just behind its byte order mark; raises BadData unless it can be UTF-8 text."""
    try:
        if not path.is_file():
            raise BadData(_not_a_file(path))
        with path.open("rb") as file:
            head = file.read(4)
            _check_signature(path, head)
            file.seek(len(UTF8_MARK) if head.startswith(UTF8_MARK) else 0)
            if not file.peek(1):
                raise BadData(f"{path} is empty. Put at least one row into it.")
            yield file
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}. Check the path and its permissions."
        raise BadData(message) from error


def lines(file: BinaryIO, number: int = 1) -> Iterator[Line]:
    """Give the lines from where the file stands; a line that is too long is given cut, never whole."""
    byte = file.tell()
    while content := file.readline(LINE_BYTES + 1):
        yield Line(number, byte, content)
        number += 1
        byte += len(content)
        if len(content) > LINE_BYTES and not content.endswith(b"\n"):
            byte += _skip_line(file)


def check_length(content: bytes) -> None:
    """Refuse a line that was cut for its length."""
    if len(content) > LINE_BYTES:
        found = f"more than {LINE_BYTES:,} bytes: {content[:30].decode(errors='backslashreplace')}"
        raise Refused("line too long", found, "Split the row; check that its line ends are there.")


def decode(content: bytes) -> str:
    """Turn bytes into text strictly: what is not UTF-8 is refused, with a guess at what it is."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        start = error.start
        shown = content[max(0, start - 15) : start + 15].decode(errors="backslashreplace")
        found = f"byte 0x{content[start]:02x} at byte {start} of the row: {shown}"
        raise Refused("not UTF-8", found, _encoding_remedy(content, start)) from None


def _not_a_file(path: Path) -> str:
    if path.is_dir():
        return f"{path} is a folder. Give one file.{_nearby(path, '')}"
    if path.exists():
        return f"{path} is not a regular file. Write the rows to a file first."
    if not path.parent.is_dir():
        return f"There is no file {path}, nor a folder {path.parent}. Check the path."
    return f"There is no file {path}.{_nearby(path.parent, path.name)}"


def _nearby(folder: Path, name: str) -> str:
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    close = get_close_matches(name, names, n=3)
    if close:
        return f" Did you mean {' or '.join(close)}?"
    if not names:
        return f" The folder {folder} holds no files."
    return f" The folder {folder} holds {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}."


def _check_signature(path: Path, head: bytes) -> None:
    for signature, name, remedy in _SIGNATURES:
        if head.startswith(signature):
            raise BadData(f"{path} looks like {name}. {remedy}")
    # Two ASCII characters without a mark still give the width away (RFC 4627, section 3).
    zeros = tuple(byte == 0 for byte in head)
    if zeros in ((False, True, True, True), (True, True, True, False)):
        raise BadData(f"{path} looks like UTF-32. {_SAVE_AS_UTF8}")
    if zeros in ((False, True, False, True), (True, False, True, False)):
        raise BadData(f"{path} looks like UTF-16. {_SAVE_AS_UTF8}")


def _skip_line(file: BinaryIO) -> int:
    skipped = 0
    while content := file.readline(LINE_BYTES):
        skipped += len(content)
        if content.endswith(b"\n"):
            break
    return skipped


def _encoding_remedy(content: bytes, start: int) -> str:
    followed_by_ascii = not content[start + 1 : start + 2] > b"\x7f"
    if content[start] >= 0xA0 and followed_by_ascii:
        return "It looks like Latin-1 or Windows-1252; save the file as UTF-8."
    return "Save the file as UTF-8; it is in another encoding, or damaged."
