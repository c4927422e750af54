"""What training took, measured where it runs: the most memory at any time, and seconds.

Memory is that of the whole process, so a run is metered in a process of its own (`apart.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import psutil
from pydantic import TypeAdapter, ValidationError

from tunesmith.core.cards import Step
from tunesmith.core.errors import DamagedFile
from tunesmith.core.registry import explain
from tunesmith.lifecycle.events import Event, Saved, Stage, Started
from tunesmith.lifecycle.run_folder import RunFolder

FILE = "cost.json"
"""What a metered run keeps beside its events."""

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
"""Where Linux says how much memory a process held at most, and where it is told to begin anew (`proc(5)`)."""


@dataclass(frozen=True)
class Cost:
    """Training alone, with its validations: answers and packaging do not count, nor steps that were lost.

    `peak_bytes` are those of the GPU where there is one, otherwise of the process, libraries included.
    """

    peak_bytes: int
    seconds: float
    device: Literal["cpu", "cuda"]
    format: Literal[1] = 1


def read(folder: RunFolder) -> Cost | None:
    """Give what training took, None where it was not metered; raises DamagedFile for a torn record."""
    content = folder.read_json(FILE)
    try:
        return None if content is None else _CARD.validate_python(content)
    except ValidationError as error:
        raise DamagedFile(f"{explain(error, str(folder.path / FILE), [])}. Remove the file.") from None


def metered(folder: RunFolder, events: Iterable[Event]) -> Iterator[Event]:
    """Pass a run's events on as they come, and keep what its training takes in the run's folder.

    An interrupted run that goes on adds to what is kept there since its last checkpoint.
    """
    before, memory = read(folder), _Memory()
    began, steps, is_training = folder.clock(), 0, False
    for event in events:
        if isinstance(event, Stage) and not is_training:
            began = folder.clock()
        if isinstance(event, Started):
            began, is_training = max(began, _answered(folder)), True
            memory.restart()
        memory.look()
        steps += isinstance(event, Step)
        if is_training and steps and isinstance(event, Saved | Stage):
            _keep(folder, before, memory, folder.clock() - began)
        is_training = is_training and not isinstance(event, Stage)
        yield event


class _Memory:
    """The most that was held since the last restart."""

    def __init__(self) -> None:
        from tunesmith.model.network import device

        self.on: Literal["cpu", "cuda"] = "cuda" if device().type == "cuda" else "cpu"
        self.peak, self.is_counted = 0, False

    def restart(self) -> None:
        """Begin anew; where the system does not count, memory is looked at after every event instead."""
        self.peak = 0
        if self.on == "cuda":
            import torch

            torch.cuda.reset_peak_memory_stats()
        elif sys.platform.startswith("linux"):
            with suppress(OSError):  # some containers have no such file, or do not let it be written
                _RESET.write_text("5")
                self.is_counted = True

    def look(self) -> None:
        """Keep what is held, if it is more than before; what training frees stays with the process."""
        self.peak = max(self.peak, self._most())

    def _most(self) -> int:
        if self.on == "cuda":
            import torch

            return torch.cuda.max_memory_allocated()
        if not self.is_counted:
            return psutil.Process().memory_info().rss
        lines = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="utf-8").splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024


def _answered(folder: RunFolder) -> datetime:
    """Say when the base had answered the test rows: no event tells, and training begins right after it."""
    answers = folder.path / "answers-base.json"
    return datetime.fromtimestamp(answers.stat().st_mtime if answers.exists() else 0, UTC)


def _keep(folder: RunFolder, before: Cost | None, memory: _Memory, taken: timedelta) -> None:
    cost = Cost(memory.peak, taken.total_seconds(), memory.on)
    if before is not None:
        peak, seconds = max(before.peak_bytes, cost.peak_bytes), before.seconds + cost.seconds
        cost = replace(cost, peak_bytes=peak, seconds=seconds)
    folder.write_json(FILE, asdict(cost))


_CARD = TypeAdapter(Cost)
