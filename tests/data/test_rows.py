"""Rows on a disk are the rows that were written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.example import Example, Message, Place, ToolCall
from tunesmith.data.rows import Joined, Rows, RowWriter

texts = st.text(st.characters(codec="utf-8"), max_size=20)
numbers = st.integers(-(2**40), 2**40)
values = st.recursive(st.none() | st.booleans() | numbers | texts, lambda inner: st.lists(inner, max_size=3))
calls = st.builds(ToolCall, texts, texts, texts)
turns = st.builds(
    Message,
    st.sampled_from(["system", "user", "assistant", "tool"]),
    texts,
    st.sampled_from([0.0, 0.5, 1.0]),
    texts,
    st.lists(calls, max_size=2).map(tuple),
    texts,
    texts,
)
conversations = st.lists(turns, max_size=3).map(tuple)
examples = st.builds(
    Example,
    st.builds(Place, texts, numbers, st.none() | numbers),
    conversations,
    texts,
    st.lists(texts, max_size=3).map(tuple),
    conversations,
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    texts,
    texts,
    st.dictionaries(texts, values, max_size=3),
    texts,
    st.floats(0, 9),
    texts,
)


def written(folder: Path, rows: list[Example], name: str = "rows") -> Rows:
    writer = RowWriter(folder / f"{name}.jsonl")
    with writer:
        for row in rows:
            writer.add(row)
    return writer.close()


def numbered(count: int) -> list[Example]:
    return [Example(Place("a.txt", line, line), text=f"text {line}") for line in range(count)]


@given(st.lists(examples, max_size=5))
def test_every_value_of_every_card_survives(tmp_path_factory: pytest.TempPathFactory, rows: list[Example]):
    kept = written(tmp_path_factory.mktemp("rows"), rows)
    assert list(kept) == rows
    assert list(kept) == rows  # they can be read again
    assert [kept[position] for position in range(len(kept))] == rows


def test_rows_are_found_by_number_from_both_ends_and_in_slices(tmp_path: Path):
    rows = numbered(10)
    kept = written(tmp_path, rows)
    assert (len(kept), kept[3], kept[-1], kept[2:8:2]) == (10, rows[3], rows[-1], rows[2:8:2])
    with pytest.raises(IndexError):
        kept[10]


def test_more_rows_than_wait_at_once_are_all_there(tmp_path: Path):
    kept = written(tmp_path, numbered(2**16 + 3))
    assert len(kept) == 2**16 + 3
    assert kept[2**16].place.line == 2**16


def test_rows_outlive_their_file(tmp_path: Path):
    rows = numbered(3)
    kept = written(tmp_path, rows)
    RowWriter.remove(kept.path)
    assert list(tmp_path.iterdir()) == []
    assert list(kept) == rows


def test_joined_sequences_are_one(tmp_path: Path):
    rows = numbered(7)
    joined = Joined(written(tmp_path, rows[:3], "a"), [], written(tmp_path, rows[3:], "b"))
    assert (len(joined), list(joined), joined[2], joined[3], joined[-1]) == (
        7,
        rows,
        rows[2],
        rows[3],
        rows[6],
    )
    assert joined[1:5] == rows[1:5]
    with pytest.raises(IndexError):
        joined[7]
