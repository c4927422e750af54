"""Turn Arrow's values into those that JSON has: text, numbers, true and false, lists, objects and null.

Times become text (ISO 8601, UTC where they have a zone), durations seconds, decimals numbers; NaN is null.
Imported only where pyarrow is needed.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import types

from tunesmith.data.source._refused import Refused

Reader = Callable[[Any], Any]

NO_LABEL = -1
"""The number of a label that is not known (https://huggingface.co/docs/datasets/about_dataset_features)."""


def holds_bytes(kind: pa.DataType) -> bool:
    """Are there values in it that are neither text nor numbers, such as those of images?"""
    if types.is_dictionary(kind):
        return holds_bytes(kind.value_type)
    if kind.num_fields:
        return any(holds_bytes(inner) for inner in _inside(kind))
    binary = (types.is_binary, types.is_large_binary, types.is_binary_view, types.is_fixed_size_binary)
    return any(is_such(kind) for is_such in binary)


def holds_moments(kind: pa.DataType) -> bool:
    """Are its values dates or times?"""
    return types.is_temporal(kind) and not types.is_duration(kind)


def stored_columns(kind: pa.DataType) -> int:
    """Say as how many columns a Parquet file stores it."""
    return sum(stored_columns(inner) for inner in _inside(kind)) if kind.num_fields else 1


def values(batch: pa.RecordBatch) -> list[list[Any]] | None:
    """Give a batch's columns as Python's values; None where one of them has no such form."""
    try:
        return [_plain(column).to_pylist() for column in batch.columns]
    except (ValueError, OverflowError, TypeError):  # not UTF-8, or a date outside of the years 1 to 9999
        return None


def readers(
    schema: pa.Schema, labels: Mapping[str, Sequence[str]], names: Sequence[str]
) -> dict[str, Reader]:
    """Give, for every column, what turns its values into JSON's; numbers of class labels into their names."""
    return {
        name: _of_labels(labels[name]) if name in labels else _reader(schema.field(name).type)
        for name in names
    }


def _inside(kind: pa.DataType) -> Iterator[pa.DataType]:
    yield from (kind.field(index).type for index in range(kind.num_fields))


def _plain(column: pa.Array) -> pa.Array:
    kind = _plain_type(column.type)
    return column if kind == column.type else column.cast(kind, safe=False)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """Find the type that Python can read: nanoseconds and names of time zones are not for it."""
    if types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if types.is_struct(kind):
        return pa.struct([field.with_type(_plain_type(field.type)) for field in kind])
    if types.is_map(kind):
        return pa.map_(_plain_type(kind.key_type), _plain_type(kind.item_type))
    if types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_plain_type(kind.value_type)))
    if types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_plain_type(kind.value_type)))
    return _plain_scalar(kind)


def _plain_scalar(kind: pa.DataType) -> pa.DataType:
    if types.is_timestamp(kind):
        return pa.timestamp("us", tz="+00:00" if kind.tz else None)
    if types.is_time(kind):
        return pa.time64("us")
    if types.is_duration(kind):
        return pa.duration("us")
    return pa.float32() if types.is_float16(kind) else kind


def _reader(kind: pa.DataType) -> Reader:
    return next((build(kind) for fits, build in _READERS if fits(kind)), _same)


def _same(value: Any) -> Any:
    return value


def _finite(value: float | None) -> float | None:
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        raise Refused("number not finite", str(value), "Write a number below 1e308, or null.")
    return value


def _unless_null(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def _of_list(read: Reader) -> Reader:
    return _same if read is _same else _unless_null(lambda value: [read(item) for item in value])


def _of_struct(reads: Mapping[str, Reader]) -> Reader:
    if all(read is _same for read in reads.values()):
        return _same
    return _unless_null(lambda value: {name: reads[name](item) for name, item in value.items()})


def _of_map(key: Reader, item: Reader) -> Reader:
    def read(pairs: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
        found = {str(key(name)): item(value) for name, value in pairs}
        if len(found) < len(pairs):
            raise Refused("duplicate key", ", ".join(str(name) for name, _ in pairs), "Keep one of them.")
        return found

    return _unless_null(read)


def _of_labels(names: Sequence[str]) -> Reader:
    def read(value: Any) -> Any:
        if isinstance(value, list):
            return [read(item) for item in value]
        if value is None or value == NO_LABEL:
            return None
        if not isinstance(value, int) or not 0 <= value < len(names):
            found = f"{value!r}, where 0 to {len(names) - 1} have names"
            raise Refused("label without a name", found, "Correct the number, or the names in the file.")
        return names[value]

    return read


_READERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], Reader]], ...] = (
    (types.is_dictionary, lambda kind: _reader(kind.value_type)),
    (types.is_struct, lambda kind: _of_struct({field.name: _reader(field.type) for field in kind})),
    (types.is_map, lambda kind: _of_map(_reader(kind.key_type), _reader(kind.item_type))),
    (types.is_nested, lambda kind: _of_list(_reader(kind.value_type))),
    (types.is_floating, lambda _: _finite),
    (types.is_decimal, lambda _: _unless_null(float)),
    (types.is_duration, lambda _: _unless_null(lambda value: value.total_seconds())),
    (types.is_temporal, lambda _: _unless_null(lambda value: value.isoformat())),
)
"""How values of a type are read; the first that fits counts."""
