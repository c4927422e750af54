"""Open a package for service, with or without a memory of what it answered."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tunesmith.core.contracts import Backend
from tunesmith.core.registry import Registry
from tunesmith.core.service import Trace
from tunesmith.export import manifest
from tunesmith.generation.vectors import vectors
from tunesmith.lifecycle.loaded import load
from tunesmith.monitoring.trace_store import TraceStore
from tunesmith.serving.answer import Service


@dataclass(frozen=True)
class Opened:
    """A service, and where its traces go; None where it keeps none."""

    service: Service
    traces: TraceStore | None

    @property
    def correct(self) -> Callable[[str, str, float], str | None] | None:
        """What keeps a correction: a trace's id, the right answer, and the time."""
        return self.traces.correct if self.traces else None

    def close(self) -> None:
        """Close the traces, so that the one file of a SQLite store holds all of them."""
        if self.traces:
            self.traces.close()


def open_service(package: Path, traces: str | None, backend: str = "local") -> Opened:
    """Load a verified package for service; requests are kept only if `traces` names a place.

    What is named wrongly is said before weights are read: raises UnknownName for a backend that there is not,
    DamagedFile where there is no package, BadOption for traces that cannot be kept there.
    """
    engine = Registry("generation.backend", Backend).build(backend, {})
    manifest.read(package)
    with ExitStack() as undoing:
        store = TraceStore.open(traces) if traces else None
        if store:
            undoing.callback(store.close)
        model = load(package).model
        undoing.pop_all()
    return Opened(Service(model, engine, store.add if store else _forget, vectors=vectors), store)


def _forget(trace: Trace) -> None:
    """Keep nothing: traces are off."""
