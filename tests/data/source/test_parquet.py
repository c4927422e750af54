import json
from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from document_files import damaged, read_or_named
from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow
from tunesmith.data.source._columns import Columns
from tunesmith.data.source.parquet import Parquet

MESSAGES = [
    [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
    [{"role": "user", "content": None}, {"role": "assistant", "content": "a"}],
]


def write(folder, table, **options):
    parquet.write_table(table, folder / "a.parquet", **options)
    return folder / "a.parquet"


def test_conversations_are_read_from_nested_columns(tmp_path):
    source = Parquet(path=write(tmp_path, pa.table({"messages": MESSAGES, "id": [7, 8]})))
    first, second = source.read()
    assert source.gives() == "conversations"
    assert (first.prompt[0].content, first.reference, first.fields) == ("q", "a", {"id": 7})
    assert str(first.place).endswith("a.parquet:1")
    assert isinstance(second, BadRow)
    assert (second.place.line, second.reason) == (2, "empty message")


def test_numbers_of_class_labels_are_read_as_their_names_and_it_is_said(tmp_path):
    names = [f"name {n}" for n in range(5)]
    features = {"label": {"names": names, "_type": "ClassLabel"}}
    table = pa.table({"text": ["a", "b"], "label": [4, 0]})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    source = Parquet(path=write(tmp_path, table))
    assert source.gives() == "labels"
    assert [row.label for row in source.read()] == ["name 4", "name 0"]
    assert source.reads_as().startswith("Parquet with columns 'text' and 'label', read as text and label")
    assert source.reads_as().endswith(
        "; numbers of 'label' stand for the names in the file: 'name 0', 'name 1', 'name 2' and 2 more"
    )


def test_an_image_that_an_answer_may_depend_on_is_refused_and_other_bytes_are_said(tmp_path):
    pair = {"prompt": ["p"], "completion": ["c"]}
    with pytest.raises(BadData, match="not text: column 'image'"):
        Parquet(path=write(tmp_path, pa.table({**pair, "image": [b"x"]}))).gives()
    source = Parquet(path=write(tmp_path, pa.table({**pair, "embedding": [b"x"]})))
    assert source.reads_as().endswith("; columns of bytes are not read: 'embedding'")
    (row,) = source.read()
    assert row.fields == {"embedding": True}


def test_a_time_is_no_text(tmp_path):
    file = write(tmp_path, pa.table({"question": ["q"], "at": [datetime(2024, 1, 1)]}))
    with pytest.raises(BadData, match="columns not recognised: 'question', 'at'"):
        Parquet(path=file).gives()
    file = write(tmp_path, pa.table({"text": ["t"], "at": [datetime(2024, 1, 1)]}))
    (row,) = Parquet(path=file).read()
    assert row.fields == {"at": "2024-01-01T00:00:00"}


def test_columns_can_be_named(tmp_path):
    file = write(tmp_path, pa.table({"x": ["1"], "y": ["2"], "z": ["3"]}))
    (row,) = Parquet(path=file, columns=Columns(prompt="z", completion="x")).read()
    assert (row.prompt[0].content, row.reference) == ("3", "1")


def test_the_fingerprint_follows_bytes_and_options(tmp_path):
    one = Parquet(path=write(tmp_path, pa.table({"text": ["a"]}))).fingerprint()
    file = write(tmp_path, pa.table({"text": ["b"]}))
    assert (
        len(
            {
                one,
                Parquet(path=file).fingerprint(),
                Parquet(path=file, columns=Columns(text="text")).fingerprint(),
            }
        )
        == 3
    )


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), compression=st.sampled_from(["none", "snappy", "gzip"]))
def test_a_damaged_file_is_read_or_named_and_never_crashes_the_reader(tmp_path, data, compression):
    table = pa.table({"messages": MESSAGES * 5, "text": ["some text"] * 10, "score": [1.5] * 10})
    whole = write(tmp_path, table, compression=compression).read_bytes()
    file = tmp_path / "damaged.parquet"
    file.write_bytes(damaged(data, whole))
    read_or_named(Parquet(path=file, columns=Columns(messages="messages")), str(file))
