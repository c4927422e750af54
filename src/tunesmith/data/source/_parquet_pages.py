"""Hold what the pages of a Parquet file unpack to against limits, before any is unpacked.

The sizes stand in front of each page (https://parquet.apache.org/docs/file-format/data-pages/); those in the
footer are not relied upon.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from tunesmith.core.errors import BadData
from tunesmith.data.source._thrift import read_struct

PAGES = 1_000_000
PAGE_BYTES = 256 * 1024 * 1024
PAGES_AT_ONCE_BYTES = 1024 * 1024 * 1024
"""Most pages of a file, most bytes of one, and of the largest of every column together."""

NESTED_VALUES = 2**26
"""Most values that a column of lists holds in a row group: one row could hold them all."""

FOOTER_BYTES = 16 * 1024 * 1024
TAIL_BYTES = 8
"""The largest footer, and the end of the file, which says how large it is."""

BATCH_ROWS = 512
BATCH_BYTES = 16 * 1024 * 1024
WORST_BATCH_BYTES = 256 * 1024 * 1024
"""How many rows are unpacked at once, what they should come to, and what they may come to at worst."""

_DICTIONARY_PAGE, _PREFIXES = 2, 7
"""A type of page, and an encoding: DELTA_BYTE_ARRAY, in which a value repeats the beginning of another."""

_HEADER_BYTES = 512
_MOST_HEADER_BYTES = 16 * 1024 * 1024


class Column(NamedTuple):
    """A stored column: its number from 0, its dotted path, and whether it stands in a list."""

    number: int
    path: str
    in_list: bool


class _Group(NamedTuple):
    rows: int
    chunks: list[Any]


class _Chunk(NamedTuple):
    """What one row group holds of a column: how many values and bytes, and where its pages begin."""

    values: int
    size: int
    data: int
    dictionary: int


class _Page(NamedTuple):
    kind: int
    unpacked: int
    packed: int
    encoding: int


def rows_at_once(path: Path, file: BinaryIO, columns: Sequence[Column]) -> int:
    """Say how many rows can be unpacked at once; raises BadData where a page or a list is too large.

    A value that the file holds once may stand in every row: no value is longer than the page that holds it,
    and that bounds the rows. In lists it does not.
    """
    largest: dict[str, int] = {}
    repeated, row_bytes, pages = 1, 1, 0
    for group in _groups(path, file):
        unpacked = 0
        for column in columns:
            chunk = _chunk(path, group, column)
            for page in _pages(path, file, chunk):
                pages += 1
                unpacked += page.unpacked
                largest[column.path] = max(largest.get(column.path, 0), page.unpacked)
                if page.kind == _DICTIONARY_PAGE or page.encoding == _PREFIXES:
                    repeated = max(repeated, page.unpacked)
            _check(path, column, largest, pages)
        row_bytes = max(row_bytes, unpacked // max(1, group.rows))
    return max(1, min(BATCH_ROWS, BATCH_BYTES // row_bytes, WORST_BATCH_BYTES // repeated))


def _groups(path: Path, file: BinaryIO) -> list[_Group]:
    """Read the footer, field by field as https://github.com/apache/parquet-format numbers them.

    pyarrow's view of it is not used: of some damaged files it ends the process, without a word.
    """
    end = file.seek(0, os.SEEK_END) - TAIL_BYTES
    file.seek(max(0, end))
    size = int.from_bytes(file.read(4), "little")
    if size > FOOTER_BYTES:
        limit = f"more than {FOOTER_BYTES:,}"
        raise BadData(f"{path} has a footer of {size:,} bytes, {limit}. Write it with larger row groups.")
    file.seek(max(0, end - size))
    try:
        footer, _ = read_struct(file.read(size), 0)
        return [_Group(group[3], [chunk[3] for chunk in group[1]]) for group in footer[4]]
    except (IndexError, KeyError, TypeError) as error:
        raise BadData(f"{path} is damaged: its footer cannot be read. Get the file anew.") from error


def _chunk(path: Path, group: _Group, column: Column) -> _Chunk:
    try:
        fields = group.chunks[column.number]
        chunk = _Chunk(fields[5], fields[7], fields[9], fields.get(11) or 0)
    except (IndexError, KeyError, TypeError, AttributeError) as error:
        raise BadData(f"{path} is damaged: its footer lacks a column. Get the file anew.") from error
    if column.in_list and chunk.values > NESTED_VALUES:
        size = f"{chunk.values:,} values in one row group, more than {NESTED_VALUES:,}"
        raise BadData(f"{path}: column {column.path!r} has {size}. Write it with smaller row groups.")
    return chunk


def _check(path: Path, column: Column, largest: dict[str, int], pages: int) -> None:
    size = largest.get(column.path, 0)
    remedy = "Write it again with pages of about 1 MB."
    if size > PAGE_BYTES:
        too_large = f"a page of {size:,} bytes once unpacked, more than {PAGE_BYTES:,}"
        raise BadData(f"{path}: column {column.path!r} has {too_large}. {remedy}")
    if (size := sum(largest.values())) > PAGES_AT_ONCE_BYTES:
        limit = f"more than {PAGES_AT_ONCE_BYTES:,}"
        raise BadData(f"{path}: its columns need {size:,} bytes at once, {limit}. {remedy}")
    if pages > PAGES:
        raise BadData(f"{path} has more than {PAGES:,} pages. {remedy}")


def _pages(path: Path, file: BinaryIO, chunk: _Chunk) -> Iterator[_Page]:
    if not chunk.values:
        return
    at = chunk.dictionary if 0 < chunk.dictionary < chunk.data else chunk.data
    end = at + chunk.size
    while at < end:
        try:
            page, size = _read_header(file, at)
        except (IndexError, KeyError, TypeError) as error:
            raise BadData(
                f"{path} is damaged: there is no page at byte {at:,}. Get the file anew."
            ) from error
        if page.packed < 0 or page.unpacked < 0:
            raise BadData(f"{path} is damaged: a page at byte {at:,} has a size below 0. Get the file anew.")
        at += size + page.packed
        yield page


def _read_header(file: BinaryIO, at: int) -> tuple[_Page, int]:
    """Give the page that begins at a byte, and the size of its header; raises IndexError where none does."""
    size = _HEADER_BYTES
    while True:
        file.seek(max(0, at))
        content = file.read(size)
        try:
            fields, end = read_struct(content, 0)
            break
        except IndexError:
            if len(content) < size or size >= _MOST_HEADER_BYTES:
                raise
        size *= 16
    encoding = fields[5].get(2) if 5 in fields else fields.get(8, {}).get(4)
    return _Page(fields[1], fields[2] + 0, fields[3] + 0, encoding), end
