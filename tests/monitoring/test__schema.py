"""A store says which format it is in, and is refused by those who do not know it."""

import sqlite3
from pathlib import Path

import pytest

from tunesmith.core.errors import BadData
from tunesmith.monitoring.trace_store import TraceStore


def test_another_format_is_refused(store: TraceStore, place: Path) -> None:
    store.close()
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE tunesmith_traces SET format = 2")
    connection.close()
    with pytest.raises(BadData, match="format 2, this Tunesmith knows format 1"):
        TraceStore.open(str(place))


def test_opening_a_store_again_changes_nothing(store: TraceStore, place: Path) -> None:
    before = sqlite3.connect(place)
    stated = before.execute("SELECT sql FROM sqlite_master").fetchall()
    assert len(stated) == 5  # two tables, two indexes, and the key's own
    TraceStore.open(str(place)).close()
    assert before.execute("SELECT sql FROM sqlite_master").fetchall() == stated
    assert before.execute("SELECT format FROM tunesmith_traces").fetchall() == [(1,)]
    before.close()
