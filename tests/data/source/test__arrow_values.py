from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from tunesmith.data.source._arrow_values import holds_bytes, holds_moments, readers, stored_columns, values
from tunesmith.data.source._refused import Refused


def read(array, labels=None):
    """Read one column to its end, the way a file's is."""
    batch = pa.RecordBatch.from_arrays([array], ["a"])
    (column,) = values(batch)
    reader = readers(batch.schema, labels or {}, ["a"])["a"]
    return [reader(value) for value in column]


NANOSECONDS = 1_700_000_000_123_456_789
CASES = {
    "text": (pa.array(["a", None]), ["a", None]),
    "large text": (pa.array(["a"], pa.large_string()), ["a"]),
    "viewed text": (pa.array(["a"], pa.string_view()), ["a"]),
    "numbered text": (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
    "true": (pa.array([True, None]), [True, None]),
    "whole numbers": (pa.array([2**64 - 1], pa.uint64()), [2**64 - 1]),
    "numbers": (pa.array([1.5, float("nan"), None]), [1.5, None, None]),
    "small numbers": (pa.array([1.5, None], pa.float16()), [1.5, None]),
    "decimals": (pa.array([Decimal("1.25"), None]), [1.25, None]),
    "dates": (pa.array([date(2024, 2, 29), None]), ["2024-02-29", None]),
    "times": (pa.array([time(1, 2, 3)], pa.time64("ns")), ["01:02:03"]),
    "moments": (pa.array([datetime(2024, 1, 1, 12)], pa.timestamp("s")), ["2024-01-01T12:00:00"]),
    "fine moments": (pa.array([NANOSECONDS], pa.timestamp("ns")), ["2023-11-14T22:13:20.123456"]),
    "moments of a zone": (
        pa.array([datetime(2024, 1, 1, 12)], pa.timestamp("ns", tz="America/New_York")),
        ["2024-01-01T12:00:00+00:00"],
    ),
    "durations": (pa.array([timedelta(minutes=1, milliseconds=500)], pa.duration("ns")), [60.5]),
    "lists": (pa.array([["a", None], [], None]), [["a", None], [], None]),
    "lists of numbers": (pa.array([[float("nan")]], pa.large_list(pa.float64())), [[None]]),
    "lists of a length": (pa.array([[1, 2]], pa.list_(pa.int8(), 2)), [[1, 2]]),
    "messages": (pa.array([[{"role": "user", "content": "x"}]]), [[{"role": "user", "content": "x"}]]),
    "objects with moments": (
        pa.array(
            [{"at": NANOSECONDS, "x": 1.0}, None], pa.struct({"at": pa.timestamp("ns"), "x": pa.float32()})
        ),
        [{"at": "2023-11-14T22:13:20.123456", "x": 1.0}, None],
    ),
    "maps": (
        pa.array([[("k", Decimal(2))], None], pa.map_(pa.string(), pa.decimal128(3))),
        [{"k": 2.0}, None],
    ),
    "maps by number": (pa.array([[(1, "one")]], pa.map_(pa.int8(), pa.string())), [{"1": "one"}]),
    "nothing": (pa.nulls(2), [None, None]),
}


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_that_json_has(name):
    array, expected = CASES[name]
    found = read(array)
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (pa.array([float("inf")]), "number not finite"),
        (pa.array([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int8())), "duplicate key"),
    ],
)
def test_what_json_has_no_form_for_is_refused(array, reason):
    with pytest.raises(Refused) as caught:
        read(array)
    assert caught.value.reason == reason


def test_numbers_of_class_labels_become_names_also_in_lists():
    assert read(pa.array([1, 0, None, -1]), {"a": ("no", "yes")}) == ["yes", "no", None, None]
    assert read(pa.array([[1, 0], []]), {"a": ("no", "yes")}) == [["yes", "no"], []]


@pytest.mark.parametrize("array", [pa.array([2]), pa.array([-2]), pa.array(["yes"])])
def test_a_label_without_a_name_is_refused(array):
    with pytest.raises(Refused, match="label without a name"):
        read(array, {"a": ("no", "yes")})


def test_a_batch_with_a_value_that_python_cannot_hold_is_told_from_others():
    not_utf8 = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff"))
    too_late = pa.array([2**62], pa.timestamp("us"))
    for array in (not_utf8, too_late):
        assert values(pa.RecordBatch.from_arrays([array], ["a"])) is None


def test_bytes_are_found_wherever_they_stand():
    binary = (pa.binary(), pa.large_binary(), pa.binary(4), pa.binary_view())
    for kind in (*binary, pa.dictionary(pa.int8(), pa.binary())):
        assert holds_bytes(kind)
        assert holds_bytes(pa.list_(pa.struct({"path": pa.string(), "bytes": kind})))
        assert holds_bytes(pa.map_(pa.string(), kind))
    assert not any(holds_bytes(array.type) for array, _ in CASES.values())


def test_dates_and_times_are_moments_and_durations_are_not():
    moments = {name for name, (array, _) in CASES.items() if holds_moments(array.type)}
    assert moments == {"dates", "times", "moments", "fine moments", "moments of a zone"}


def test_nested_columns_are_stored_as_several(tmp_path):
    from pyarrow import parquet

    arrays = [array for array, _ in CASES.values() if array.type not in (pa.float16(), pa.null())]
    for array in arrays:
        parquet.write_table(pa.table({"a": array}), tmp_path / "a.parquet")
        assert stored_columns(array.type) == parquet.ParquetFile(tmp_path / "a.parquet").metadata.num_columns
    assert len(arrays) == 21
