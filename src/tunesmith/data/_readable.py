"""Make a file readable as lines of UTF-8, where its encoding or all of its line ends stand against that."""

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tunesmith.core.errors import BadData
from tunesmith.data.source._encodings import guess
from tunesmith.data.source._lines import UTF8_MARK, blocks, opened
from tunesmith.data.source._signatures import HEAD_BYTES, wide_encoding

CHUNK_BYTES = 1024 * 1024
SAMPLE_BYTES = 64 * 1024
"""How much of what is not UTF-8 is looked at to find out what it is."""


class Readable(NamedTuple):
    """A file of lines, and what was done to the original as a whole to get it.

    `codec` is that of the lines that are not UTF-8, if there are any and it can be told.
    """

    path: Path
    codec: str | None
    mended: tuple[str, ...]


def readable(path: Path, folder: Path) -> Readable:
    """Give the file itself where it can be read by lines, or else a copy in `folder` that can be."""
    mended, head = [], _head(path)
    if encoding := wide_encoding(head):
        path = _copy(folder / f"utf-8{path.suffix}", _decoded(path, encoding))
        mended.append(f"decoded from {encoding}")
    elif head.startswith(UTF8_MARK):
        mended.append("byte order mark left out")
    if _ends_lines_with_carriage_returns(path):
        ends = (chunk.replace(b"\r", b"\n") for chunk in _chunks(path))
        path = _copy(folder / f"line-feeds{path.suffix}", ends)
        mended.append("line feeds written for carriage returns")
    return Readable(path, _codec(path), tuple(mended))


def _head(path: Path) -> bytes:
    if not path.is_file():
        with opened(path):  # which says what stands there instead
            raise AssertionError(path)
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _decoded(path: Path, encoding: str) -> Iterator[bytes]:
    decoder, byte = codecs.getincrementaldecoder(encoding)(), 0
    try:
        for number, chunk in enumerate(_chunks(path)):
            text = decoder.decode(chunk)
            yield (text if number else text.removeprefix("\ufeff")).encode()
            byte += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        where = f"between byte {max(0, byte - 4):,} and byte {byte + CHUNK_BYTES:,}"
        raise BadData(f"{path} is damaged: it is not {encoding} {where}. Write it anew as UTF-8.") from error


def _copy(path: Path, chunks: Iterable[bytes]) -> Path:
    with path.open("wb") as file:
        file.writelines(chunks)
    return path


def _ends_lines_with_carriage_returns(path: Path) -> bool:
    return b"\r" in _head(path) and not any(b"\n" in chunk for chunk in _chunks(path))


def _codec(path: Path) -> str | None:
    sample = bytearray()
    with opened(path) as file:
        for _, block in blocks(file):
            sample += _not_utf8(block)
            if len(sample) >= SAMPLE_BYTES:
                break
    found = guess(bytes(sample)) if sample else None
    return found.codec if found else None


def _not_utf8(block: bytes) -> bytes:
    try:
        block.decode()
    except UnicodeDecodeError:
        return b"\n".join(line for line in block.split(b"\n") if not _is_utf8(line))
    return b""


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
