"""Open a database so that several threads and processes can write to it, and say plainly what it refuses."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.core.errors import BadOption, DiskFull, MissingExtra, TunesmithError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

PATIENCE_SECONDS = 5.0
"""How long a write waits for another process that is writing to the same SQLite file."""


def open_database(place: str) -> Engine:
    """Open a file's path or a database URL; a SQLite file is made private to its owner.

    Raises MissingExtra without SQLAlchemy, BadOption for a URL that it does not know.
    """
    try:
        from sqlalchemy import create_engine, event
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError:
        raise MissingExtra("Keeping traces", "serve") from None

    try:
        url = make_url(place if "://" in place else f"sqlite:///{place}")
        is_sqlite = url.get_backend_name() == "sqlite"
        engine = create_engine(url, connect_args={"timeout": PATIENCE_SECONDS} if is_sqlite else {})
    except (ArgumentError, ImportError) as error:
        # The URL itself is not shown: it may hold a password.
        raise BadOption(
            f"The place for traces is no file or database URL that can be used: {error}"
        ) from None
    if is_sqlite:
        if url.database:
            _make_private(Path(url.database))
        event.listen(engine, "connect", _use_write_ahead_log)
        event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def explained(engine: Engine) -> Generator[None]:
    """Turn what the database refuses into a sentence that names the place, without its password."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        place, reason = engine.url.render_as_string(hide_password=True), str(error).splitlines()[0]
        if "disk is full" in reason:
            raise DiskFull(f"There is no room for traces in {place}. Free some space.") from None
        raise TunesmithError(f"The traces in {place} cannot be used: {reason}") from None


def _make_private(path: Path) -> None:
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise BadOption(f"{path} cannot hold traces: {error.strerror}.") from None


def _use_write_ahead_log(connection: Any, _: object) -> None:
    connection.isolation_level = None  # Python would begin transactions by itself, later than we want
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    # A writer that began as a reader cannot wait for another writer: SQLite refuses it at once.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
