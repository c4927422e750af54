"""Keep traces in a database: SQLite by default, any that SQLAlchemy knows by its URL."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from tunesmith.core.errors import BadData
from tunesmith.core.example import Message
from tunesmith.core.service import Trace
from tunesmith.monitoring._database import explained, open_database
from tunesmith.monitoring._schema import FORMAT, schema

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


_MESSAGES = TypeAdapter(tuple[Message, ...])


@dataclass(frozen=True, slots=True)
class Summary:
    """What a store holds: `seconds` are the median, 90th, 99th percentile and longest time of an answer."""

    traces: int
    corrected: int
    prompt_tokens: int
    tokens: int
    seconds: tuple[float, float, float, float]

    @property
    def share_corrected(self) -> float:
        """The share of answers that a person corrected; 0 where there are none."""
        return self.corrected / self.traces if self.traces else 0.0


@dataclass(frozen=True)
class TraceStore:
    """A database of traces that threads and processes may use at the same time.

    What a method has returned from is on the disk. Raises DiskFull where it has no room, and a TunesmithError
    naming the place for any other refusal, such as another process that holds it for more than five seconds.
    """

    engine: Engine

    @classmethod
    def open(cls, place: str) -> TraceStore:
        """Open a file's path or a database URL, making what is not there yet.

        Raises MissingExtra without SQLAlchemy, BadData for a store of another format.
        """
        store = cls(open_database(place))
        with store._connected(writes=True) as connection:
            found = schema().prepare(connection)
        if found != FORMAT:
            raise BadData(
                f"{place} holds traces in format {found}, this Tunesmith knows format {FORMAT}. Use the "
                "version that wrote it, or another place."
            )
        return store

    def add(self, trace: Trace) -> None:
        """Keep a new trace."""
        values = asdict(trace) | {"messages": _dump(trace.messages), "changed": trace.created}
        with self._connected(writes=True) as connection:
            connection.execute(schema().traces.insert().values(values))

    def correct(self, trace: str, correction: str, now: float) -> str | None:
        """Keep what a person says the answer should have been; give the correction that it replaces.

        Raises BadData if there is no such trace.
        """
        traces = schema().traces
        wanted = traces.c.id == trace
        with self._connected(writes=True) as connection:
            before = connection.execute(traces.select().where(wanted)).one_or_none()
            if before is None:
                raise BadData(
                    f"There is no trace {trace!r}. It may belong to another store, or was not kept."
                )
            connection.execute(traces.update().where(wanted).values(correction=correction, changed=now))
        return before.correction

    def all(self, since: float | None = None) -> list[Trace]:
        """Give the traces that were made or corrected since a time, in the order in which that was."""
        traces = schema().traces
        wanted = traces.select().order_by(traces.c.changed, traces.c.id)
        if since is not None:
            wanted = wanted.where(traces.c.changed >= since)
        with self._connected() as connection:
            return [_trace(row) for row in connection.execute(wanted).mappings()]

    def summary(self) -> Summary:
        """Add up what there is; times are exact, by the nearest-rank method."""
        from sqlalchemy import func, select

        traces = schema().traces
        columns = traces.c.correction, traces.c.prompt_tokens, traces.c.tokens
        sums = func.count(columns[0]), func.sum(columns[1]), func.sum(columns[2])
        with self._connected() as connection:
            number, corrected, read, written = connection.execute(select(func.count(), *sums)).one()
            ranks = [-(-number * percent // 100) for percent in (50, 90, 99, 100)]
            ordered = select(traces.c.seconds).order_by(traces.c.seconds).limit(1)
            times = [connection.scalar(ordered.offset(max(rank - 1, 0))) or 0.0 for rank in ranks]
        return Summary(number, corrected, read or 0, written or 0, (times[0], times[1], times[2], times[3]))

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @contextmanager
    def _connected(self, writes: bool = False) -> Generator[Connection]:
        with (
            explained(self.engine),
            self.engine.connect().execution_options(writes=writes) as connection,
            connection.begin(),
        ):
            yield connection


def _dump(messages: tuple[Message, ...]) -> str:
    return json.dumps([asdict(message) for message in messages], ensure_ascii=False)


def _trace(row: Any) -> Trace:
    values = {name: row[name] for name in row if name != "changed"}
    values["messages"] = _MESSAGES.validate_json(values["messages"])
    return Trace(**values)
