"""What the API is given: models that answer, a place for traces, and its limits."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tunesmith.doors.api.lane import Lane
from tunesmith.monitoring.trace_store import TraceStore
from tunesmith.serving.answer import Service


@dataclass(frozen=True)
class State:
    """Everything that requests share. Without `api_key` only this machine may ask.

    `services` are found by the name that a request gives as its model. `traces` takes corrections; None where
    the services keep no traces.
    """

    services: Mapping[str, Service]
    traces: TraceStore | None
    api_key: str | None = field(default=None, repr=False)
    clock: Callable[[], float] = time.time
    started: float = field(default_factory=time.time)
    largest_body: int = 4 * 1024 * 1024
    lane: Lane = field(default_factory=Lane)
