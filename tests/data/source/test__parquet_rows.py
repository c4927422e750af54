import json
import random

import pyarrow as pa
import pytest
from pyarrow import parquet

from tunesmith.core.errors import BadData, MissingExtra
from tunesmith.data.source._parquet_rows import layout, rows
from tunesmith.data.source._refused import Refused


def write(folder, table, **options):
    parquet.write_table(table, folder / "a.parquet", **options)
    return folder / "a.parquet"


def described(table, features):
    """Describe columns as data sets of the hub do."""
    notes = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    return table.replace_schema_metadata(notes)


def test_every_row_of_every_group_has_its_number(tmp_path):
    table = pa.table({"a": [f"text {n}" for n in range(2500)], "n": range(2500)})
    found = list(rows(write(tmp_path, table, row_group_size=700)))
    assert [row.place.line for row in found] == list(range(1, 2501))
    assert [row.row for row in found] == [{"a": f"text {n}", "n": n} for n in range(2500)]
    assert found[0].place.byte is None


def test_memory_does_not_grow_with_the_file(tmp_path):
    table = pa.table({"a": [f"{n} " * 200 for n in range(20_000)]})
    file = write(tmp_path, table, row_group_size=20_000)
    size, table = table.nbytes, None
    before = pa.total_allocated_bytes()
    most = max(pa.total_allocated_bytes() for _ in rows(file)) - before
    assert most < size / 4


def test_columns_of_bytes_are_not_read_and_marked(tmp_path):
    table = pa.table({"image": [{"bytes": b"x", "path": "a.png"}], "text": ["t"], "raw": [b"y"]})
    file = write(tmp_path, table)
    assert [row.row for row in rows(file)] == [{"text": "t", "image": True, "raw": True}]
    assert layout(file).unread == ("image", "raw")
    with pytest.raises(BadData, match="nothing but columns of bytes: image, raw"):
        list(rows(write(tmp_path, table.drop(["text"]))))


def test_dates_and_times_are_told_from_text(tmp_path):
    table = pa.table({"a": ["x"], "t": pa.array([0], pa.timestamp("ns")), "d": pa.array([0], pa.date32())})
    assert layout(write(tmp_path, table)).moments == ("t", "d")


NAMES = {"names": ["no", "yes"], "_type": "ClassLabel"}


@pytest.mark.parametrize(
    ("feature", "values", "expected"),
    [
        (NAMES, [1, 0, -1], ["yes", "no", None]),
        ({"feature": NAMES, "_type": "List"}, [[1], []], [["yes"], []]),
        ({"feature": NAMES, "_type": "Sequence"}, [[1]], [["yes"]]),
        ([NAMES], [[0]], [["no"]]),
        ({"dtype": "int64", "_type": "Value"}, [1], [1]),
        ({"names": [1, 2], "_type": "ClassLabel"}, [1], [1]),
        ({"_type": "ClassLabel"}, [1], [1]),
        ([], [1], [1]),
        ("odd", [1], [1]),
    ],
)
def test_names_of_class_labels_are_read_from_the_file(tmp_path, feature, values, expected):
    file = write(tmp_path, described(pa.table({"a": values, "b": values}), {"a": feature}))
    assert [row.row["a"] for row in rows(file)] == expected
    assert [row.row["b"] for row in rows(file)] == values


@pytest.mark.parametrize("notes", [b"{", b"[]", b'{"info": null}', b'{"info": {"features": [1]}}', b"\xff"])
def test_notes_of_another_form_are_no_names(tmp_path, notes):
    file = write(tmp_path, pa.table({"a": [1]}).replace_schema_metadata({b"huggingface": notes}))
    assert layout(file).names == {}


def test_a_value_that_cannot_be_read_costs_its_row_only(tmp_path):
    broken = pa.StringArray.from_buffers(
        3, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xffc")
    )
    labelled = described(pa.table({"a": broken, "b": [0, 1, 7]}), {"b": NAMES})
    good, bad, worse = (found.row for found in rows(write(tmp_path, labelled)))
    assert good == {"a": "a", "b": "no"}
    assert isinstance(bad, Refused)
    assert (bad.reason, bad.found) == ("value cannot be read", "one of a, b")
    assert worse.reason == "label without a name"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pa.table({"a": pa.array([], pa.string())}), "has columns but no rows"),
        (pa.Table.from_arrays([pa.array(["x"]), pa.array(["y"])], ["a", "a"]), "two columns are called 'a'"),
    ],
)
def test_a_file_without_rows_or_with_equal_columns_is_an_error(tmp_path, table, message):
    with pytest.raises(BadData, match=message):
        list(rows(write(tmp_path, table)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"text", "is not a Parquet file: it begins with text"),
        (b"PAR1", "is damaged, or not a Parquet file"),
        (b"PAR1 some bytes PAR1", "is damaged, or not a Parquet file"),
        (b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS, not the file itself"),
    ],
)
def test_what_is_no_parquet_file_is_named(tmp_path, content, message):
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(BadData, match=message):
        list(rows(tmp_path / "a.parquet"))


def test_a_file_whose_pages_are_damaged_is_named_after_the_rows_before(tmp_path):
    table = pa.table({"a": [str(random.random()) for _ in range(2000)]})
    file = write(tmp_path, table, row_group_size=1000, use_dictionary=False, compression="gzip")
    second = parquet.ParquetFile(file).metadata.row_group(1).column(0).data_page_offset
    content = file.read_bytes()
    file.write_bytes(content[: second + 100] + bytes(100) + content[second + 200 :])
    found = []
    with pytest.raises(BadData, match="is damaged, or not a Parquet file"):
        found.extend(row.place.line for row in rows(file))
    assert found == list(range(1, len(found) + 1))
    assert len(found) > 500


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    file = write(tmp_path, pa.table({"a": [1]}))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtra, match=r"Reading Parquet .* 'tunesmith\[data\]'"):
        list(rows(file))
