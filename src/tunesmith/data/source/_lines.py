"""Open a data file, and give its lines with their places, in constant memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tunesmith.core.errors import BadData
from tunesmith.data.source._encodings import encoding_remedy, is_mostly_utf8
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._signatures import HEAD_BYTES, check_signature

LINE_BYTES = 8 * 1024 * 1024
"""The longest line that is read, its line end included."""

BLOCK_BYTES = 64 * 1024
"""How much is read at once; what is parsed from twice as much no longer fits into a processor's cache."""

UTF8_MARK = b"\xef\xbb\xbf"


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
            head = file.read(HEAD_BYTES)
            check_signature(path, head)
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


def blocks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Give many lines at a time, and the offset of the first, from where the file stands.

    Only the last line of a block can be longer than LINE_BYTES; then it is cut somewhere above.
    """
    byte = file.tell()
    while block := file.read(BLOCK_BYTES):
        skipped = 0
        if not block.endswith(b"\n"):
            rest = file.readline(LINE_BYTES + 1)
            block += rest
            if len(rest) > LINE_BYTES and not rest.endswith(b"\n"):
                skipped = _skip_line(file)
        yield byte, block
        byte += len(block) + skipped


def check_length(content: bytes) -> None:
    """Refuse a line that was cut for its length."""
    if len(content) <= LINE_BYTES:
        return
    found = f"more than {LINE_BYTES:,} bytes: {content[:30].decode(errors='backslashreplace')}"
    remedy = "Split the row; check that its line ends are there."
    if b"\r" in content.rstrip(b"\r\n"):
        remedy = "Its line ends may be carriage returns alone: have them replaced by line feeds."
    raise Refused("line too long", found, remedy)


def decode(content: bytes) -> str:
    """Turn bytes into text strictly: what is not UTF-8 is refused, with a guess at what it is."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before, after = content[: error.start].decode()[-15:], content[error.start : error.start + 15]
        shown = before + after.decode("utf-8" if is_mostly_utf8(content) else "ascii", "backslashreplace")
        found = f"byte 0x{content[error.start]:02x} at byte {error.start} of the row: {shown}"
        raise Refused("not UTF-8", found, encoding_remedy(content, error)) from None


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


def _skip_line(file: BinaryIO) -> int:
    skipped = 0
    while content := file.readline(LINE_BYTES):
        skipped += len(content)
        if content.endswith(b"\n"):
            break
    return skipped
