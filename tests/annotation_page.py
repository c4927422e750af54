"""A real annotation server on a loopback socket, around a project with a few rows."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from annotation_projects import project, settings, text
from tunesmith.core.example import Example
from tunesmith.data.annotation.project import Settings
from tunesmith.data.annotation.store import Store
from tunesmith.data.annotation.turns import Turns
from tunesmith.doors.api.address import take_address
from tunesmith.doors.api.annotate.app import create_annotation_app
from tunesmith.doors.api.server import open_server
from tunesmith.lifecycle.annotate import Desk

TOKEN = "open-sesame-open-sesame"


@dataclass(frozen=True)
class Served:
    """A server that is up."""

    url: str
    app: FastAPI
    store: Store

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def link(self) -> str:
        """What the command prints."""
        return f"{self.url}/?token={TOKEN}"


@contextmanager
def serving(
    place: Path,
    rows: Iterable[Example] = (),
    asked: Settings | None = None,
    *,
    port: int = 0,
    token: str = TOKEN,
) -> Iterator[Served]:
    """Serve a project in a thread until left; without rows it gets five."""
    asked = asked or settings(overlap=1.0)
    store = project(place, rows or map(text, range(5)), asked)
    address = take_address(port=port)
    app = create_annotation_app(
        Desk(store, asked, Turns(store, asked.overlap), None, lambda: 5.0), token, address
    )
    server = open_server(app, address)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Served(address.url, app, store)
    finally:
        server.stop()
        thread.join()
        store.close()
