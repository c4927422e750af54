"""A trace store in a folder of its own, and traces to put into it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tunesmith.core.example import Message
from tunesmith.core.service import Trace
from tunesmith.monitoring.trace_store import TraceStore


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give where the store is, alone in its folder."""
    return tmp_path / "traces.db"


@pytest.fixture
def store(place: Path) -> Iterator[TraceStore]:
    opened = TraceStore.open(str(place))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def trace() -> Callable[..., Trace]:
    """Give what makes a trace of a name, and of any other values."""

    def make(name: str, created: float = 1.0, **values: Any) -> Trace:
        return replace(
            Trace(name, created, "tiny", (Message("user", "Hi €"),), "Hello", 5, 2, 0.25), **values
        )

    return make
