"""A real server on a loopback socket, and the official client to talk to it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from openai import OpenAI

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Backend
from tunesmith.doors.api.address import take_address
from tunesmith.doors.api.app import create_app
from tunesmith.doors.api.server import open_server
from tunesmith.doors.api.state import State
from tunesmith.generation.backend.local import Local
from tunesmith.monitoring.trace_store import TraceStore
from tunesmith.serving.answer import Service


@dataclass(frozen=True)
class Running:
    """A server that is up, with its state and clients for it."""

    url: str
    state: State
    client: OpenAI
    http: httpx.Client

    @property
    def service(self) -> Service:
        return self.state.services["tiny-llama"]


Start = Callable[..., Running]


@contextmanager
def running(state: State) -> Iterator[Running]:
    """Serve on a free port in a thread until left."""
    address = take_address(port=0)
    server = open_server(create_app(state), address)
    thread = threading.Thread(target=server.run)
    thread.start()
    client = OpenAI(base_url=f"{address.url}/v1", api_key=state.api_key or "none", max_retries=0, timeout=30)
    try:
        with client, httpx.Client(base_url=address.url, timeout=30) as http:
            yield Running(address.url, state, client, http)
    finally:
        server.stop()
        thread.join()


@pytest.fixture
def serving() -> Callable[[State], AbstractContextManager[Running]]:
    """Give what serves any state."""
    return running


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[TraceStore]:
    store = TraceStore.open(str(tmp_path / "traces.db"))
    yield store
    store.close()


@pytest.fixture
def start(tiny_model: Model, traces: TraceStore) -> Iterator[Callable[..., Running]]:
    """Give what starts a server around the tiny model; all are stopped at the end of the test."""
    with ExitStack() as stack:

        def begin(backend: Backend | None = None, **options: object) -> Running:
            service = Service(tiny_model, backend or Local(), traces.add)
            state = State({"tiny-llama": service}, traces.correct, **options)  # type: ignore[arg-type]  # as given
            return stack.enter_context(running(state))

        yield begin


@pytest.fixture
def server(start: Start) -> Running:
    return start()
