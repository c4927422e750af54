"""Who is asked about which row, and in which order: rows are held for whoever has them on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tunesmith.data.annotation.project import Suggestion, Task
from tunesmith.data.annotation.store import TASKS, Store, dump, marks, task_of

HOLD_SECONDS = 15 * 60
"""How long a row is held for somebody who was given it."""


@dataclass(frozen=True)
class Turns:
    """The order of a project's rows, for threads and processes at the same time.

    `overlap` is the share of rows that two people are asked about; it is decided by content and seed alone.
    """

    store: Store
    overlap: float

    def claim(self, annotator: str, number: int, now: float, besides: Sequence[int] = ()) -> list[Task]:
        """Give rows that this person has not done and that still need somebody, and hold them.

        What others have begun comes first, so that second opinions are there early; then the queue's order.
        """
        given = {"me": annotator, "now": now, "overlap": self.overlap, "most": number}
        # The numbers are checked to be numbers by the type of the request; SQLite takes no lists.
        seen = f"tasks.number NOT IN ({', '.join(str(int(one)) for one in besides)})"
        with self.store.database.writing() as connection:
            found: list[int] = []
            for query in (_SECOND, _NEXT):
                wanted = query.format(eligible=f"{_ELIGIBLE} AND {seen}")
                numbers = [row["number"] for row in connection.execute(wanted, given)]
                found += [one for one in numbers if one not in found]
            chosen = found[:number]
            connection.executemany(
                "INSERT OR REPLACE INTO claims VALUES (?, ?, ?)",
                [(one, annotator, now + HOLD_SECONDS) for one in chosen],
            )
            rows = connection.execute(f"{TASKS} WHERE tasks.number IN ({marks(chosen)})", chosen)
            tasks = {row["number"]: task_of(row) for row in rows}
        return [tasks[one] for one in chosen]

    def claim_this(self, annotator: str, task: int, now: float) -> None:
        """Hold one row for somebody who goes back to it."""
        with self.store.database.writing() as connection:
            held = task, annotator, now + HOLD_SECONDS
            connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?, ?)", held)

    def open(self, most: int) -> list[Task]:
        """Give rows that nobody has done yet: all, or a fair sample of them."""
        query = f"{TASKS} WHERE {_UNDONE} ORDER BY lot LIMIT ?"
        with self.store.database.reading() as connection:
            return [task_of(row) for row in connection.execute(query, (most,))]

    def ahead(self, most: int, now: float) -> list[Task]:
        """Give next rows for which nothing was suggested yet, those on somebody's screen first."""
        held = f"{TASKS} JOIN claims ON claims.task = tasks.number WHERE until > ? AND {_UNDONE} LIMIT ?"
        following = f"{TASKS} WHERE {_UNDONE} ORDER BY rank LIMIT ?"
        with self.store.database.reading() as connection:
            found = [*connection.execute(held, (now, most)), *connection.execute(following, (most,))]
        return list({row["number"]: task_of(row) for row in found if row["made_by"] is None}.values())

    def rank(self, order: Sequence[int]) -> None:
        """Give out tasks in this order from now on, before all that are not named."""
        # Numbers below any that a lot gives: those are between -1 and 1.
        ranks = [(float(place - len(order) - 1), task) for place, task in enumerate(order)]
        with self.store.database.writing() as connection:
            connection.execute("UPDATE tasks SET rank = lot - (doubt <> '') WHERE rank < -1")
            connection.executemany("UPDATE tasks SET rank = ? WHERE number = ?", ranks)

    def suggest(self, suggestions: Iterable[Suggestion]) -> None:
        """Keep what a model suggests, in place of what one suggested before."""
        values = [(one.task, dump(one.value), one.by, one.certainty, dump(one.likely)) for one in suggestions]
        with self.store.database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO suggestions VALUES (?, ?, ?, ?, ?)", values)


_USABLE = "kind NOT IN ('skip', 'flag')"
_UNDONE = "NOT EXISTS (SELECT 1 FROM standing WHERE standing.task = tasks.number AND kind <> 'skip')"
_ELIGIBLE = f"""
    (waits = 0 OR EXISTS (
        SELECT 1 FROM suggestions WHERE suggestions.task = tasks.number AND value <> 'null'))
    AND NOT EXISTS (
        SELECT 1 FROM standing WHERE standing.task = tasks.number
        AND ((annotator = :me AND role = 'annotator') OR kind = 'flag' OR role = 'adjudicator'))
    AND (SELECT count(*) FROM standing WHERE standing.task = tasks.number AND {_USABLE})
        + (SELECT count(*) FROM claims
            WHERE claims.task = tasks.number AND annotator <> :me AND until > :now)
        < CASE WHEN share < :overlap THEN 2 ELSE 1 END
"""
_NEXT = "SELECT tasks.number FROM tasks WHERE {eligible} ORDER BY rank LIMIT :most"
_SECOND = f"""
    SELECT DISTINCT tasks.number FROM standing AS done JOIN tasks ON tasks.number = done.task
    WHERE done.{_USABLE} AND done.annotator <> :me AND share < :overlap AND {{eligible}}
    ORDER BY done.number LIMIT :most
"""
