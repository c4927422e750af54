"""What happens during a run, in the order it happens; `events.jsonl` holds the same, line by line."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from tunesmith.core.cards import Step, Validation
from tunesmith.core.errors import DamagedFile
from tunesmith.core.report import Report


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the run begins; `sentence` says what is done, for people."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Started:
    """Training begins or goes on, after `from_step` of `steps` optimizer steps; `how` is the engine's."""

    from_step: int
    steps: int
    trainable_parameters: int
    parameters: int
    how: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint is on the disk."""

    step: int
    best_step: int | None


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that did not stop the run but should be known."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The run is complete: its report is written, its package verified."""

    folder: str
    package: str
    page: str
    report: Report


Event = Stage | Started | Step | Validation | Saved | Warned | Finished
KINDS = {kind.__name__.lower(): kind for kind in (Stage, Started, Step, Validation, Saved, Warned)}


def to_line(event: Event, time: str) -> str:
    """Write one event as a line of JSON; `time` is ISO 8601."""
    kind = type(event).__name__.lower()
    values = {"verdict": event.report.verdict} if isinstance(event, Finished) else asdict(event)
    return json.dumps({"time": time, "kind": kind, **values})


def from_lines(lines: Iterable[str]) -> list[Event]:
    """Read back what counts: what a later resume did again is left out, as is a torn last line.

    Raises DamagedFile naming any other line that is not what was written.
    """
    events: list[Event] = []
    every = list(lines)
    for number, line in enumerate(every, start=1):
        try:
            event = _parse(line)
        except (ValueError, KeyError, TypeError, AttributeError):
            if number == len(every):
                break  # a kill can tear the last line while it is written
            raise DamagedFile(f"Line {number} of events.jsonl is not what was written.") from None
        if isinstance(event, Started):
            events = [e for e in events if not _is_after(e, event.from_step)]
        if isinstance(event, Validation):
            events = [e for e in events if not _is_same(e, event)]
        if event is not None:
            events.append(event)
    return events


def _parse(line: str) -> Event | None:
    values: dict[str, Any] = json.loads(line)
    del values["time"]
    kind = KINDS.get(values.pop("kind"))
    return kind(**values) if kind else None


def _is_after(event: Event, step: int) -> bool:
    if isinstance(event, Step):
        return event.number > step
    return isinstance(event, Validation | Saved) and event.step > step


def _is_same(event: Event, validation: Validation) -> bool:
    return isinstance(event, Validation) and event.step == validation.step
