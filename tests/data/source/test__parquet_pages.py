from collections.abc import Sequence

import pyarrow as pa
import pytest
from pyarrow import parquet

from tunesmith.core.errors import BadData
from tunesmith.data.source import _parquet_pages
from tunesmith.data.source._parquet_pages import BATCH_ROWS, Column, rows_at_once


def write(folder, table, **options):
    parquet.write_table(table, folder / "a.parquet", **options)
    return folder / "a.parquet"


def look(file, columns: Sequence[Column] = (Column(0, "a", False),)):
    with file.open("rb") as opened:
        return rows_at_once(file, opened, columns)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("dictionary", [True, False])
def test_the_pages_of_a_usual_file_pass(tmp_path, version, statistics, dictionary):
    table = pa.table({"a": [f"text {n} " * 20 for n in range(3000)], "b": [[{"x": 1}]] * 3000})
    file = write(
        tmp_path,
        table,
        data_page_version=version,
        write_statistics=statistics,
        use_dictionary=dictionary,
        data_page_size=1000,
        row_group_size=1000,
        write_page_checksum=statistics,
    )
    rows = look(file, [Column(0, "a", False), Column(1, "b.list.element.x", True)])
    assert 100 < rows <= BATCH_ROWS


def test_long_values_are_unpacked_a_few_at_a_time(tmp_path):
    text = "x" * 2**20
    plain = write(tmp_path, pa.table({"a": [f"{n}{text}" for n in range(32)]}), use_dictionary=False)
    assert look(plain) == 15


def test_a_long_value_that_is_stored_once_and_meant_often_bounds_the_rows(tmp_path):
    numbered = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * 2**22])
    once = write(tmp_path, pa.table({"a": numbered}))
    assert once.stat().st_size < 2**21
    assert look(once) == 63
    prefixed = {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}
    assert look(write(tmp_path, pa.table({"a": ["x" * 2**20] * 64}), **prefixed)) == 255


def test_a_page_that_unpacks_to_too_much_is_refused_by_column_and_size(tmp_path, monkeypatch):
    monkeypatch.setattr(_parquet_pages, "PAGE_BYTES", 2**20)
    file = write(tmp_path, pa.table({"a": ["x" * 2**21]}), compression="gzip")
    assert file.stat().st_size < 30_000
    with pytest.raises(
        BadData, match=r"column 'a' has a page of 2,097,\d\d\d bytes once unpacked, more than 1,048,576"
    ):
        look(file)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_the_size_in_front_of_the_page_decides_not_the_one_in_the_footer(tmp_path, monkeypatch, version):
    monkeypatch.setattr(_parquet_pages, "PAGE_BYTES", 500_000)
    file = write(tmp_path, pa.table({"a": ["x" * 100_000]}), use_dictionary=False, data_page_version=version)
    assert look(file)
    content = bytearray(file.read_bytes())
    at = content.index(0x15, 5)  # the second number: the first is the page's type, and stands at byte 4
    content[at + 1 : at + 4] = varint(2 * 1_000_000)
    file.write_bytes(content)
    assert parquet.ParquetFile(file).metadata.row_group(0).column(0).total_uncompressed_size < 110_000
    with pytest.raises(BadData, match="a page of 1,000,000 bytes once unpacked"):
        look(file)


def varint(number):
    return bytes([number & 127 | 128, number >> 7 & 127 | 128, number >> 14])


def test_the_largest_pages_of_all_columns_must_fit_together(tmp_path, monkeypatch):
    monkeypatch.setattr(_parquet_pages, "PAGES_AT_ONCE_BYTES", 150_000)
    file = write(tmp_path, pa.table({"a": ["x" * 100_000], "b": ["y" * 100_000]}))
    assert look(file)
    with pytest.raises(BadData, match=r"its columns need 200,\d\d\d bytes at once, more than 150,000"):
        look(file, [Column(0, "a", False), Column(1, "b", False)])


def test_a_list_that_could_fill_the_memory_in_one_row_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_parquet_pages, "NESTED_VALUES", 1000)
    file = write(tmp_path, pa.table({"a": [[1] * 1001]}))
    with pytest.raises(BadData, match=r"'a' has 1,001 values in one row group, more than 1,000"):
        look(file, [Column(0, "a", True)])
    assert look(file)


def test_too_many_pages_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_parquet_pages, "PAGES", 5)
    file = write(tmp_path, pa.table({"a": ["x"] * 100}), row_group_size=10)
    with pytest.raises(BadData, match="more than 5 pages"):
        look(file)


@pytest.mark.parametrize(
    "header",
    [
        b"\xff" * 40,
        b"\x0f" * 40,
        b"\x1c" * 600,
        b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\x7f" * 4,
        b"\x15\x00\x15\x01\x15\x01\x00" + bytes(30),
        bytes(40),
    ],
)
def test_what_is_no_page_is_damage(tmp_path, header):
    file = write(tmp_path, pa.table({"a": ["x" * 2000]}), use_dictionary=False, compression="none")
    content = file.read_bytes()
    file.write_bytes(content[:4] + header + content[4 + len(header) :])
    with pytest.raises(
        BadData, match=r"is damaged: (there is no page at byte 4|a page at byte 4 has a size below 0)"
    ):
        look(file)
