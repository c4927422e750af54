"""An annotation server, and a client that came through its link."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from annotation_page import TOKEN, serving
from tunesmith.data.annotation.store import Store


@dataclass(frozen=True)
class Page:
    """A server that is up; `http` was let in by the link and says that it is the server's own page."""

    url: str
    app: FastAPI
    store: Store
    http: httpx.Client


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Give what serves a project with rows; all are stopped at the end of the test."""
    with ExitStack() as stack:

        def begin(*given: Any) -> Page:
            served = stack.enter_context(serving(tmp_path / "p.sqlite", *given))
            client = httpx.Client(base_url=served.url, timeout=30, headers={"origin": served.url})
            stack.enter_context(client)
            assert client.get("/", params={"token": TOKEN}).status_code == 200
            return Page(served.url, served.app, served.store, client)

        yield begin


@pytest.fixture
def page(serve: Callable[..., Page]) -> Page:
    return serve()
