"""The tables of a trace store, and the format they are written in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

FORMAT = 1


@dataclass(frozen=True)
class Schema:
    """`traces` has a row per answer; `about` has one row, which says the format."""

    traces: Table
    about: Table

    def prepare(self, connection: Connection) -> int:
        """Make what is not there yet; give the format that is there now."""
        from sqlalchemy import insert, select
        from sqlalchemy.schema import CreateIndex, CreateTable

        for table in (self.about, self.traces):
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
        found = connection.scalar(select(self.about.c.format))
        if found is None:
            connection.execute(insert(self.about).values(format=FORMAT))
        return FORMAT if found is None else found


@cache
def schema() -> Schema:
    """Describe the tables; SQLAlchemy is loaded when they are first needed."""
    from sqlalchemy import Column, Double, Integer, MetaData, String, Table, Text

    tables = MetaData()
    about = Table("tunesmith_traces", tables, Column("format", Integer, primary_key=True))
    traces = Table(
        "traces",
        tables,
        Column("id", String(64), primary_key=True),
        Column("created", Double, nullable=False),
        Column("changed", Double, nullable=False, index=True),
        Column("model", String(255), nullable=False),
        Column("messages", Text, nullable=False),
        Column("answer", Text, nullable=False),
        Column("prompt_tokens", Integer, nullable=False),
        Column("tokens", Integer, nullable=False),
        Column("seconds", Double, nullable=False, index=True),
        Column("correction", Text),
    )
    return Schema(traces, about)
