"""Keep a project in one SQLite file: rows, what people said of them, and what models suggest."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example
from tunesmith.core.hashing import hash_text, hash_value
from tunesmith.data.annotation import _database
from tunesmith.data.annotation._database import Database
from tunesmith.data.annotation.project import (
    ROW,
    Annotation,
    Progress,
    Settings,
    Suggestion,
    Task,
    identity,
    unfit,
)

Doubts = Mapping[str, str]
"""What an audit said of a row, by `file:line`."""

ROWS_AT_ONCE = 2000
"""How many rows are added in one go."""


@dataclass
class Added:
    """What became of the rows that were given: `known` are those that the project has already."""

    new: int = 0
    known: int = 0
    refused: int = 0
    first_refused: str = ""

    def refuse(self, reason: str) -> None:
        """Count a row that cannot be used; the first reason is kept."""
        self.refused += 1
        self.first_refused = self.first_refused or reason


@dataclass(frozen=True)
class Store:
    """A project that threads and processes may use at the same time.

    What a method has returned from is on the disk. Raises DiskFull where it has no room, and a TunesmithError
    naming the file for any other refusal.
    """

    database: Database

    @classmethod
    def create(cls, path: Path) -> Store:
        """Open a project, making what is not there yet; raises BadData for a file of another format."""
        return cls(_database.create(path, uuid4().hex))

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open a project for reading; raises BadData where there is none."""
        return cls(_database.open_existing(path))

    def settings(self) -> Settings | None:
        """Give the newest settings; None for a project that has none yet."""
        with self.database.reading() as connection:
            newest = "SELECT content FROM settings ORDER BY version DESC LIMIT 1"
            found = connection.execute(newest).fetchone()
        return Settings.model_validate_json(found["content"]) if found else None

    def configure(self, settings: Settings, now: float) -> None:
        """Keep settings as a new version; those that are the newest already are not kept twice."""
        if settings == self.settings():
            return
        with self.database.writing() as connection:
            content = settings.model_dump_json()
            connection.execute("INSERT INTO settings (created, content) VALUES (?, ?)", (now, content))

    def add(self, rows: Iterable[Example | BadRow], settings: Settings, doubts: Doubts) -> Added:
        """Add rows that the project does not have yet; rows that an audit doubts come first."""
        added, reading = Added(), iter(rows)
        while some := list(islice(reading, ROWS_AT_ONCE)):  # others may write in between
            with self.database.writing() as connection:
                for row in some:
                    if isinstance(row, BadRow):
                        added.refuse(str(row))
                    elif reason := unfit(settings, row):
                        added.refuse(f"{row.place}: {reason}")
                    elif _add(connection, row, settings, doubts):
                        added.new += 1
                    else:
                        added.known += 1
        return added

    def save(self, said: Annotation, now: float) -> int:
        """Keep what a person said, beside all that was said before; gives its number.

        A request that was kept already is not kept again. Raises BadData if there is no such task.
        """
        values = (
            *(said.task, said.annotator, said.role, said.kind, dump(said.value), said.note, said.seconds),
            *(dump(said.suggested), now, said.request),
        )
        with self.database.writing() as connection:
            if not connection.execute("SELECT 1 FROM tasks WHERE number = ?", (said.task,)).fetchone():
                raise BadData(f"This project has no row {said.task}. Load the page anew.")
            if (before := _kept(connection, said.request)) is not None:
                return before
            columns = "task, annotator, role, kind, value, note, seconds, suggested, created, request"
            connection.execute(f"INSERT INTO annotations ({columns}) VALUES ({marks(values)})", values)
            claim = said.task, said.annotator
            connection.execute("DELETE FROM claims WHERE task = ? AND annotator = ?", claim)
            return _kept(connection, said.request) or 0

    def undo(self, annotator: str, request: str, now: float) -> Annotation | None:
        """Take back the newest thing that a person said and still stands; what stood before stands again.

        Gives what was taken back, None where there is nothing. A request that was done already is not done
        again: it gives the same.
        """
        with self.database.writing() as connection:
            undone = "SELECT undoes FROM annotations WHERE request = ?"
            if done := connection.execute(undone, (request,)).fetchone():
                return _annotation(_numbered(connection, done["undoes"]))
            newest = "SELECT number FROM standing WHERE annotator = ? ORDER BY number DESC LIMIT 1"
            found = connection.execute(newest, (annotator,)).fetchone()
            if found is None:
                return None
            before = _annotation(_numbered(connection, found["number"]))
            values = (before.task, annotator, before.role, now, request, before.number)
            columns = "task, annotator, role, created, request, undoes, kind, value, note, seconds, suggested"
            nothing = "'undo', 'null', '', 0, 'null'"
            query = f"INSERT INTO annotations ({columns}) VALUES ({marks(values)}, {nothing})"
            connection.execute(query, values)
            return before

    def task(self, number: int) -> Task:
        """Give one task; raises BadData if there is none."""
        with self.database.reading() as connection:
            found = connection.execute(f"{TASKS} WHERE tasks.number = ?", (number,)).fetchone()
        if found is None:
            raise BadData(f"This project has no row {number}. Load the page anew.")
        return task_of(found)

    def standing(self, tasks: Sequence[int] | None = None) -> Iterator[tuple[Task, list[Annotation]]]:
        """Give every task with what stands of it, in the order in which the rows were added.

        Tasks of which nothing stands are left out. With `tasks`, only those.
        """
        wanted = "" if tasks is None else f"WHERE tasks.number IN ({marks(tasks)})"
        with self.database.reading() as connection:
            rows = connection.execute(f"{STANDING} {wanted} ORDER BY tasks.number, said_number", tasks or ())
            for _, several in groupby(rows, key=lambda row: row["number"]):
                same = list(several)
                yield task_of(same[0]), [_annotation(row, "said_") for row in same]

    def history(self, task: int) -> list[tuple[Annotation, int | None]]:
        """Give all that was ever said of a task, oldest first, and which number each took back."""
        query = "SELECT * FROM annotations WHERE task = ? ORDER BY number"
        with self.database.reading() as connection:
            return [(_annotation(row), row["undoes"]) for row in connection.execute(query, (task,))]

    def progress(self, annotator: str = "") -> Progress:
        """Count rows."""
        counts = {
            "total": "SELECT count(*) FROM tasks",
            "done": f"SELECT count(DISTINCT task) FROM standing WHERE {_USABLE}",
            "mine": f"SELECT count(*) FROM standing WHERE {_MINE} AND {_USABLE}",
            "skipped": f"SELECT count(*) FROM standing WHERE {_MINE} AND kind = 'skip'",
            "unsettled": f"SELECT count(*) FROM ({UNSETTLED})",
        }
        with self.database.reading() as connection:
            found = {
                name: connection.execute(query, {"me": annotator}).fetchone()[0]
                for name, query in counts.items()
            }
        return Progress(**found)

    def unsettled(self, limit: int, besides: Sequence[int] = ()) -> list[int]:
        """Name tasks that somebody has to settle: people disagree, or one of them flagged it."""
        query = f"SELECT task FROM ({UNSETTLED}) WHERE task NOT IN ({marks(besides)}) ORDER BY task LIMIT ?"
        with self.database.reading() as connection:
            return [row["task"] for row in connection.execute(query, (*besides, limit))]

    def fingerprint(self) -> str:
        """Change whenever anything was said, added or asked anew: nothing is ever overwritten."""
        query = (
            f"SELECT project, (SELECT max(version) FROM settings), (SELECT max(number) FROM annotations), "
            f"(SELECT max(number) FROM tasks) FROM {_database.TABLE}"
        )
        with self.database.reading() as connection:
            return hash_value(list(connection.execute(query).fetchone()))

    def project(self) -> str:
        """Give a name that no other project has."""
        with self.database.reading() as connection:
            return connection.execute(f"SELECT project FROM {_database.TABLE}").fetchone()["project"]

    def close(self) -> None:
        """Close all connections, so that the one file holds everything."""
        self.database.close()


def task_of(row: sqlite3.Row) -> Task:
    """Read a task and its suggestion from a row of `TASKS` or `STANDING`."""
    suggestion = None
    if row["made_by"] is not None:
        likely = tuple((label, share) for label, share in json.loads(row["likely"]))
        value = json.loads(row["suggestion"])
        suggestion = Suggestion(row["number"], value, row["made_by"], row["certainty"], likely)
    return Task(row["number"], ROW.validate_json(row["row"]), row["doubt"], suggestion)


def _add(connection: sqlite3.Connection, row: Example, settings: Settings, doubts: Doubts) -> bool:
    known, doubt = identity(row), doubts.get(f"{row.place.file}:{row.place.line}", "")
    share, lot = (
        int(hash_text(f"{settings.seed} {use} {known}")[:13], 16) / 16**13 for use in ("share", "lot")
    )
    # A conversation is ranked against what a model answers; pairs have both answers.
    waits = settings.work == "ranking" and not row.rejected
    content = ROW.dump_json(row, fallback=str).decode()
    values = (known, content, doubt, share, lot, lot - 1 if doubt else lot, waits)
    columns = "identity, row, doubt, share, lot, rank, waits"
    inserted = connection.execute(f"INSERT OR IGNORE INTO tasks ({columns}) VALUES ({marks(values)})", values)
    if inserted.rowcount == 0 and doubt:
        again = "UPDATE tasks SET doubt = ?, rank = lot - 1 WHERE identity = ?"
        connection.execute(again, (doubt, known))
    return inserted.rowcount == 1


def _kept(connection: sqlite3.Connection, request: str) -> int | None:
    found = connection.execute("SELECT number FROM annotations WHERE request = ?", (request,)).fetchone()
    return found["number"] if found else None


def _numbered(connection: sqlite3.Connection, number: int) -> sqlite3.Row:
    return connection.execute("SELECT * FROM annotations WHERE number = ?", (number,)).fetchone()


def _annotation(row: sqlite3.Row, prefix: str = "") -> Annotation:
    names = ("number", "task", "annotator", "role", "kind", "note", "seconds", "created", "request")
    values: dict[str, Any] = {name: row[f"{prefix}{name}"] for name in names}
    decoded = {name: json.loads(row[f"{prefix}{name}"]) for name in ("value", "suggested")}
    return replace(_NOTHING, **values, **decoded)


def dump(value: Any) -> str:
    """Write a value as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def marks(values: Sequence[Any]) -> str:
    """Give a question mark for every value of a query."""
    return ", ".join("?" * len(values))


_NOTHING = Annotation(task=0, annotator="", kind="skip", value=None, request="")
_MINE = "annotator = :me AND role = 'annotator'"
_USABLE = "kind NOT IN ('skip', 'flag')"
_SUGGESTED = "suggestions.value AS suggestion, made_by, certainty, likely"
TASKS = f"SELECT tasks.*, {_SUGGESTED} FROM tasks LEFT JOIN suggestions ON suggestions.task = tasks.number"
STANDING = (
    f"SELECT tasks.*, {_SUGGESTED}, "
    + ", ".join(
        f"said.{name} AS said_{name}"
        for name in (
            "number",
            "task",
            "annotator",
            "role",
            "kind",
            "value",
            "note",
            "seconds",
            "suggested",
            "created",
            "request",
        )
    )
    + " FROM standing JOIN annotations AS said ON said.number = standing.number "
    "JOIN tasks ON tasks.number = standing.task LEFT JOIN suggestions ON suggestions.task = tasks.number"
)
UNSETTLED = """
SELECT task FROM standing WHERE role = 'annotator' AND kind <> 'skip' GROUP BY task
HAVING (max(kind = 'flag') OR CASE WHEN min(kind) = 'rating'
        THEN max(CAST(value AS INTEGER)) - min(CAST(value AS INTEGER)) > 1
        ELSE count(DISTINCT value) > 1 END)
    AND NOT EXISTS (
        SELECT 1 FROM standing AS settled WHERE settled.task = standing.task AND role = 'adjudicator')
"""
