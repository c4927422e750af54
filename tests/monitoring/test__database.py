"""SQLite is opened for many writers and its owner's eyes, and what it refuses is said plainly."""

import sqlite3
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tunesmith.core.errors import BadOption, DiskFull, MissingExtra, TunesmithError
from tunesmith.core.service import Trace
from tunesmith.monitoring import _database
from tunesmith.monitoring.trace_store import TraceStore

Make = Callable[..., Trace]


def test_a_full_disk_is_named_and_what_was_kept_stays(store: TraceStore, trace: Make) -> None:
    store.add(trace("a"))
    with store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull, match=r"no room .*traces\.db"):
        store.add(trace("b", answer="long " * 10_000))
    assert [one.id for one in store.all()] == ["a"]


def test_a_database_that_another_holds_is_refused_after_patience(
    place: Path, trace: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_database, "PATIENCE_SECONDS", 0.01)
    store = TraceStore.open(str(place))
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TunesmithError, match=r"traces\.db.*locked"):
        store.add(trace("a"))
    assert store.all() == []  # reading does not wait for a writer
    other.close()
    store.add(trace("a"))
    assert [one.id for one in store.all()] == ["a"]
    store.close()


def test_the_file_is_private_to_its_owner(store: TraceStore, place: Path, trace: Make) -> None:
    store.add(trace("a"))
    files = list(place.parent.iterdir())
    assert len(files) == 3  # the database, its log and its index
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.parametrize(
    "place", ["nothing://here", "postgresql+nodriver://u:secret@localhost/x", "no/such/folder/x.db"]
)
def test_a_place_that_cannot_hold_traces_is_named(place: str) -> None:
    with pytest.raises(BadOption, match=r"cannot hold traces|can be used") as caught:
        TraceStore.open(place)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are my notes. " * 100)
    with pytest.raises(TunesmithError, match=r"notes\.txt.*not a database"):
        TraceStore.open(str(tmp_path / "notes.txt"))


def test_without_sqlalchemy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(MissingExtra, match=r"Keeping traces .* 'tunesmith\[serve\]'"):
        TraceStore.open("traces.db")
