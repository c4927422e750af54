"""The SQLite file of a project: its tables, and connections that several threads and processes may use.

What people said is only ever added to: triggers refuse to change or remove an annotation. They keep the table
`standing`, which names the one annotation that counts for each person and row.
"""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.core.errors import BadData, BadOption, DamagedFile, DiskFull, TunesmithError

FORMAT = 1
TABLE = "tunesmith_annotations"
"""The table that says which format the others have."""

PATIENCE_SECONDS = 10.0
"""How long a write waits for another process that is writing to the same file."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS tunesmith_annotations (format INTEGER NOT NULL, project TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (
    version INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL, content TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS tasks (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL UNIQUE,
    row TEXT NOT NULL,
    doubt TEXT NOT NULL,
    share REAL NOT NULL,          -- below the project's overlap: two people are asked
    lot REAL NOT NULL,            -- a fair order, by content and seed alone
    rank REAL NOT NULL,           -- the order in which rows are given out
    waits INTEGER NOT NULL        -- cannot be shown before something was suggested
);
CREATE INDEX IF NOT EXISTS tasks_in_turn ON tasks (rank);
CREATE INDEX IF NOT EXISTS tasks_by_lot ON tasks (lot);
CREATE TABLE IF NOT EXISTS annotations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    task INTEGER NOT NULL REFERENCES tasks,
    annotator TEXT NOT NULL,
    role TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    note TEXT NOT NULL,
    seconds REAL NOT NULL,
    suggested TEXT NOT NULL,
    created REAL NOT NULL,
    request TEXT NOT NULL UNIQUE,
    undoes INTEGER UNIQUE REFERENCES annotations
);
CREATE INDEX IF NOT EXISTS annotations_by_task ON annotations (task, annotator, role);
CREATE TABLE IF NOT EXISTS standing (
    task INTEGER NOT NULL, annotator TEXT NOT NULL, role TEXT NOT NULL,
    number INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (task, annotator, role)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS standing_by_annotator ON standing (annotator, number);
CREATE TABLE IF NOT EXISTS claims (
    task INTEGER NOT NULL, annotator TEXT NOT NULL, until REAL NOT NULL, PRIMARY KEY (task, annotator)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS suggestions (
    task INTEGER PRIMARY KEY, value TEXT NOT NULL, made_by TEXT NOT NULL, certainty REAL, likely TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS said AFTER INSERT ON annotations WHEN new.undoes IS NULL BEGIN
    INSERT OR REPLACE INTO standing
    VALUES (new.task, new.annotator, new.role, new.number, new.kind, new.value);
END;
CREATE TRIGGER IF NOT EXISTS unsaid AFTER INSERT ON annotations WHEN new.undoes IS NOT NULL BEGIN
    DELETE FROM standing WHERE task = new.task AND annotator = new.annotator AND role = new.role;
    INSERT INTO standing
    SELECT task, annotator, role, number, kind, value FROM annotations AS said
    WHERE task = new.task AND annotator = new.annotator AND role = new.role AND undoes IS NULL
        AND NOT EXISTS (SELECT 1 FROM annotations WHERE undoes = said.number)
    ORDER BY number DESC LIMIT 1;
END;
CREATE TRIGGER IF NOT EXISTS kept BEFORE UPDATE ON annotations BEGIN
    SELECT RAISE(ABORT, 'annotations are never changed');
END;
CREATE TRIGGER IF NOT EXISTS never_removed BEFORE DELETE ON annotations BEGIN
    SELECT RAISE(ABORT, 'annotations are never removed');
END;
"""


@dataclass
class Database:
    """One SQLite file; connections are lent to one thread at a time."""

    path: Path
    reads_only: bool = False
    _idle: list[sqlite3.Connection] = field(default_factory=list[sqlite3.Connection])

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Lend a connection that sees one moment of the file."""
        with self._lent("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """Lend a connection that alone writes; all of it is on the disk when the context ends, or none."""
        # A writer that began as a reader cannot wait for another writer: SQLite refuses it at once.
        with self._lent("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Close all connections, so that the one file holds everything."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _lent(self, begin: str) -> Generator[sqlite3.Connection]:
        with explained(self.path):
            connection = self._taken()
            try:
                connection.execute(begin)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._idle.append(connection)

    def _taken(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()  # without a look before: another thread may take the last one in between
        except IndexError:
            return self.connect()

    def connect(self) -> sqlite3.Connection:
        """Open a connection of its own, without a transaction."""
        place = f"{self.path.absolute().as_uri()}?mode={'ro' if self.reads_only else 'rwc'}"
        connection = sqlite3.connect(
            place, uri=True, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        if not self.reads_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        return connection


def create(path: Path, project: str) -> Database:
    """Open a project's file, or make it, private to its owner; raises BadOption where that cannot be."""
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise BadOption(f"{path} cannot hold annotations: {error.strerror}. Name another file.") from None
    # Read only at first: to open it for writing would turn on SQLite's log in a file that is not ours.
    with explained(path), closing(Database(path, reads_only=True).connect()) as connection:
        if _has_tables(connection, like="%") and not _has_tables(connection, like=TABLE):
            raise BadOption(f"{path} is a database of something else. Name another file.")
    database = Database(path)
    with explained(path), closing(database.connect()) as connection:
        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
        about = f"INSERT INTO {TABLE} SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM {TABLE})"
        connection.execute(about, (FORMAT, project))
        connection.execute("COMMIT")
    check_format(database)
    return database


def open_existing(path: Path) -> Database:
    """Open a project's file for reading; raises BadData where there is none."""
    if not path.is_file():
        raise BadData(f"There are no annotations at {path}. `tunesmith data annotate` makes a project.")
    database = Database(path, reads_only=True)
    check_format(database)
    return database


def check_format(database: Database) -> None:
    """Raise BadData for a project of another version, or for a file that is none."""
    with database.reading() as connection:
        is_ours = _has_tables(connection, like=TABLE)
        found = connection.execute(f"SELECT format FROM {TABLE}").fetchone() if is_ours else None
    if found is None:
        raise BadData(f"{database.path} is no annotation project. `tunesmith data annotate` makes one.")
    if found["format"] != FORMAT:
        raise BadData(
            f"{database.path} holds annotations in format {found['format']}, this Tunesmith knows format "
            f"{FORMAT}. Use the version that wrote it."
        )


def _has_tables(connection: sqlite3.Connection, like: str) -> bool:
    wanted = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE ?"
    return connection.execute(wanted, (like,)).fetchone()[0] > 0


@contextmanager
def explained(path: Path) -> Generator[None]:
    """Turn what SQLite refuses into a sentence that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        if "disk is full" in str(error):
            raise DiskFull(f"There is no room for annotations in {path}. Free some space.") from None
        if "not a database" in str(error) or "malformed" in str(error):
            raise DamagedFile(f"{path} is no project that can be read: {error}.") from None
        raise TunesmithError(f"The annotations in {path} cannot be used: {error}.") from None
