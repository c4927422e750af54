"""Open a package for service, with or without a memory of what it answered."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tunesmith.core.cards import Trace
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


def open_service(package: Path, traces: str | None) -> Opened:
    """Load a verified package for service; requests are kept only if `traces` names a place."""
    loaded = load(package)
    store = TraceStore.open(traces) if traces else None
    return Opened(Service(loaded.model, loaded.backend, store.add if store else _forget), store)


def _forget(trace: Trace) -> None:
    """Keep nothing: traces are off."""
