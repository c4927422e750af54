"""What the API is given: models that answer, a way to correct them, and its limits."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tunesmith.doors.api.lane import Lane
from tunesmith.serving.answer import Service

Correct = Callable[[str, str, float], str | None]
"""Keeps a correction, given a trace's id, the right answer and the time; gives the correction it replaces."""


@dataclass(frozen=True)
class State:
    """Everything that requests share. Without `api_key` only this machine may ask.

    `services` are found by the name that a request gives as its model. `correct` is None
    where the services keep no traces.
    """

    services: Mapping[str, Service]
    correct: Correct | None
    api_key: str | None = field(default=None, repr=False)
    clock: Callable[[], float] = time.time
    started: float = field(default_factory=time.time)
    largest_body: int = 4 * 1024 * 1024
    lane: Lane = field(default_factory=Lane)
