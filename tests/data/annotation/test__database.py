"""A project's file is private, says its format, and what SQLite refuses is said plainly."""

import sqlite3
import stat
from pathlib import Path

import pytest

from annotation_projects import project, say, text
from tunesmith.core.errors import BadData, BadOption, DamagedFile, DiskFull, TunesmithError
from tunesmith.data.annotation import _database
from tunesmith.data.annotation.store import Store


@pytest.fixture
def place(tmp_path) -> Path:
    return tmp_path / "a b?.sqlite"


def test_the_file_is_private_to_its_owner_and_alone_once_it_is_closed(place):
    store = project(place, [text(1)])
    files = list(place.parent.iterdir())
    assert len(files) == 3  # the database, its log and its index
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    store.close()
    assert list(place.parent.iterdir()) == [place]


def test_opening_it_again_changes_nothing(place):
    project(place, [text(1)]).close()
    before = place.read_bytes()
    Store.open(place).close()
    store = Store.create(place)
    assert store.progress().total == 1
    store.close()
    again = sqlite3.connect(place)
    assert again.execute("SELECT count(*) FROM tunesmith_annotations").fetchone() == (1,)
    again.close()
    assert len(before) == place.stat().st_size


def test_another_format_is_refused(place):
    project(place, []).close()
    connection = sqlite3.connect(place)
    connection.execute("UPDATE tunesmith_annotations SET format = 2")
    connection.commit()
    connection.close()
    for opening in (Store.open, Store.create):
        with pytest.raises(BadData, match="format 2, this Tunesmith knows format 1"):
            opening(place)


def test_a_file_that_is_not_there_is_named_and_not_made(place):
    with pytest.raises(BadData, match="There are no annotations at"):
        Store.open(place)
    assert not place.exists()


def test_a_database_of_something_else_is_left_alone(place):
    connection = sqlite3.connect(place)
    connection.execute("CREATE TABLE traces (id)")
    connection.commit()
    connection.close()
    before = place.read_bytes()
    with pytest.raises(BadOption, match="a database of something else"):
        Store.create(place)
    assert place.read_bytes() == before
    with pytest.raises(BadData, match="no annotation project"):
        Store.open(place)
    connection = sqlite3.connect(place)
    assert [row[0] for row in connection.execute("SELECT name FROM sqlite_master")] == ["traces"]
    connection.close()


def test_a_file_that_is_no_database_is_named(place):
    place.write_text("hello " * 100)
    with pytest.raises(DamagedFile, match="no project that can be read"):
        Store.open(place)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadOption, match="cannot hold annotations: No such file or directory"):
        Store.create(tmp_path / "nowhere" / "p.sqlite")


def test_a_full_disk_is_named_and_what_was_kept_stays(place):
    store = project(place, [text(1)])
    with store.database.writing() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull, match="no room for annotations"):
        store.save(say(1, "ann", "long " * 10_000, kind="written"), now=1.0)
    assert list(store.standing()) == []
    assert store.progress().total == 1
    store.close()


def test_a_file_that_another_holds_is_refused_after_patience(place, monkeypatch):
    project(place, [text(1)]).close()
    monkeypatch.setattr(_database, "PATIENCE_SECONDS", 0.01)
    store = Store.create(place)
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TunesmithError, match="locked"):
        store.save(say(1, "ann", ["praise"]), now=1.0)
    assert store.progress().total == 1  # reading does not wait for a writer
    other.close()
    store.save(say(1, "ann", ["praise"]), now=1.0)
    store.close()


def test_what_fails_in_the_middle_is_undone_and_the_next_may_write(place):
    store = project(place, [])

    def fail() -> None:
        with store.database.writing() as connection:
            connection.execute("INSERT INTO settings (created, content) VALUES (1, 'half')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.settings() is not None
    store.add([text(1)], store.settings(), {})  # type: ignore[arg-type]  # it is there
    assert store.progress().total == 1
    store.close()


def test_what_was_kept_is_on_the_disk_at_once(place):
    store = project(place, [])
    with store.database.reading() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    store.close()


class Taken(list):
    """Connections of which another thread takes the last one whenever somebody has looked."""

    def __bool__(self):
        return True


def test_a_connection_that_another_thread_takes_first_is_opened_anew(place):
    project(place, [text(1)]).close()
    database = _database.Database(place, _idle=Taken())
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM tasks").fetchone()[0] == 1
    database._idle.pop().close()
