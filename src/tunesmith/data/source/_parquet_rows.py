"""Read the rows of a Parquet file (https://parquet.apache.org), a few at a time, as plain values."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tunesmith.core.errors import BadData, MissingExtra
from tunesmith.core.example import Place
from tunesmith.data.source._binary import damage_named, opened_binary
from tunesmith.data.source._parquet_pages import Column, rows_at_once
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._table import Found

if TYPE_CHECKING:
    from pyarrow import RecordBatch, Schema
    from pyarrow.parquet import ParquetFile

    from tunesmith.data.source._arrow_values import Reader

BUFFER_BYTES = 1024 * 1024
"""Read ahead, per column."""

_FORM = "Parquet file"
_REMEDY = "Get the file anew, or write it again."


@dataclass(frozen=True)
class Layout:
    """What a file says of its columns.

    `names` are those of class labels, by column. `unread` columns hold bytes, `moments` dates and times.
    """

    names: Mapping[str, tuple[str, ...]]
    unread: tuple[str, ...]
    moments: tuple[str, ...]


def layout(path: Path) -> Layout:
    """Say what a file says of its columns; raises BadData for one that is damaged."""
    with _opened(path) as (parquet, _):
        return _layout(parquet.schema_arrow)


def rows(path: Path) -> Iterator[Found]:
    """Give every row in order, in constant memory; its place is its number, from 1.

    In place of a column of bytes stands true. Raises BadData for a file that is damaged, or whose pages
    unpack to too much.
    """
    number = 0
    with _opened(path) as (parquet, file):
        for row in _read(path, parquet, file):
            number += 1
            yield Found(Place(str(path), number), row)
        if number != parquet.metadata.num_rows:
            said = f"it says that it has {parquet.metadata.num_rows:,} rows, and holds {number:,}"
            raise BadData(f"{path} is damaged: {said}. {_REMEDY}")
    if not number:
        raise BadData(f"{path} has columns but no rows. Put at least one row into it.")


@contextmanager
def _opened(path: Path) -> Iterator[tuple["ParquetFile", BinaryIO]]:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise MissingExtra("Reading Parquet", "data") from None
    with opened_binary(path, _FORM, (b"PAR1",)) as file:
        with damage_named(path, _FORM, _REMEDY):
            # Read ahead by pages, not by whole columns: that keeps the memory constant.
            options = {"pre_buffer": False, "buffer_size": BUFFER_BYTES, "arrow_extensions_enabled": False}
            parquet = ParquetFile(path, **options)
            names = parquet.schema_arrow.names
        if twice := [name for name, number in Counter(names).items() if number > 1]:
            raise BadData(f"{path}: two columns are called {twice[0]!r}. Rename one of them.")
        with parquet:
            yield parquet, file


def _layout(schema: "Schema") -> Layout:
    from tunesmith.data.source._arrow_values import holds_bytes, holds_moments

    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        labels = {column: _label_names(feature) for column, feature in features.items()}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        labels = {}  # not a data set of the hub, or its notes are of another form
    return Layout(
        names={column: names for column, names in labels.items() if names},
        unread=tuple(field.name for field in schema if holds_bytes(field.type)),
        moments=tuple(field.name for field in schema if holds_moments(field.type)),
    )


def _label_names(feature: Any) -> tuple[str, ...]:
    """Give the names in the description of a column of class labels, or of lists of them.

    The form is that of https://huggingface.co/docs/datasets/about_dataset_features.
    """
    if isinstance(feature, list):
        feature = {"feature": feature[0]} if feature else {}
    if feature.get("_type") == "ClassLabel":
        names = feature.get("names") or []
        return tuple(names) if all(isinstance(name, str) for name in names) else ()
    return _label_names(feature["feature"]) if "feature" in feature else ()


def _read(path: Path, parquet: "ParquetFile", file: BinaryIO) -> Iterator[dict[str, Any] | Refused]:
    from tunesmith.data.source._arrow_values import readers

    schema = parquet.schema_arrow
    said = _layout(schema)
    names = [name for name in schema.names if name not in said.unread]
    if not names:
        raise BadData(f"{path} holds nothing but columns of bytes: {', '.join(said.unread)}. Write text.")
    with damage_named(path, _FORM, _REMEDY):
        size = rows_at_once(path, file, _stored(parquet, names))
    reads, marks = readers(schema, said.names, names), dict.fromkeys(said.unread, True)
    batches = parquet.iter_batches(size, columns=names, use_threads=False)
    while True:
        with damage_named(path, _FORM, _REMEDY):
            batch = next(batches, None)
        if batch is None:
            return
        yield from _rows(batch, reads, marks)


def _stored(parquet: "ParquetFile", names: list[str]) -> list[Column]:
    """List how these columns are stored: a nested one as several."""
    from tunesmith.data.source._arrow_values import stored_columns

    stored: list[Column] = []
    at = 0
    for field in parquet.schema_arrow:
        number = stored_columns(field.type)
        for index in range(at, at + number if field.name in names else at):
            column = parquet.schema.column(index)
            stored.append(Column(index, column.path, column.max_repetition_level > 0))
        at += number
    return stored


def _rows(
    batch: "RecordBatch", reads: Mapping[str, "Reader"], marks: dict[str, bool]
) -> Iterator[dict[str, Any] | Refused]:
    from tunesmith.data.source._arrow_values import values

    columns = values(batch)
    if columns is None and batch.num_rows > 1:  # a value that Python cannot hold: find whose it is
        for index in range(batch.num_rows):
            yield from _rows(batch.slice(index, 1), reads, marks)
        return
    if columns is None:
        remedy = "Write text as UTF-8, and dates of the years 1 to 9999."
        yield Refused("value cannot be read", f"one of {', '.join(reads)}", remedy)
        return
    for row in zip(*columns, strict=True):
        try:
            pairs = zip(reads.items(), row, strict=True)
            yield {name: read(value) for (name, read), value in pairs} | marks
        except Refused as refused:
            yield refused
