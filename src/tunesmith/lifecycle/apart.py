"""Walk through a run in a process of its own: its memory is its own, and if it dies nothing else does."""

from __future__ import annotations

import logging
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.core.errors import DiskFull, Stopped, TunesmithError
from tunesmith.lifecycle.events import Event
from tunesmith.lifecycle.run_folder import RunFolder, open_folder
from tunesmith.lifecycle.stop import never

LOOK_EVERY = 0.1
"""Seconds between two looks at whether to stop."""


def walk(folder: RunFolder, is_asked_to_stop: Callable[[], bool] = never) -> Iterator[Event]:
    """Give every event of a run that a new process walks through; what its training takes is kept beside it.

    Raises Stopped and DiskFull as a run does, and TunesmithError with the reason for any other end. Call it
    from the main thread: the new process does not hear of a Ctrl-C, only of `is_asked_to_stop`.
    """
    fresh = multiprocessing.get_context("spawn")
    heard, told = fresh.Pipe(duplex=False)
    stop = fresh.Event()
    process = fresh.Process(target=_work, args=(folder.path, told, stop))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a process begins with what its parent ignores
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, before)
    told.close()  # only the process holds it now, so that its end is seen
    try:
        yield from _listen(heard, stop, is_asked_to_stop)
        process.join()
    finally:
        process.kill()
        process.join()
        heard.close()
    if process.exitcode and is_asked_to_stop():  # whoever asked has told this process, too
        raise Stopped("Stopped from outside.")
    if process.exitcode:
        raise TunesmithError(
            f"Its process was ended from outside (code {process.exitcode}). If memory was short, close other "
            "programs or lower training.tokens_per_pass; then go on."
        )


@dataclass(frozen=True)
class _Ended:
    """The error that ended a run, as it is told from one process to another."""

    kind: str
    message: str

    def error(self) -> TunesmithError:
        kind = {known.__name__: known for known in (Stopped, DiskFull)}.get(self.kind, TunesmithError)
        return kind(self.message)


def _listen(heard: Any, stop: Any, is_asked_to_stop: Callable[[], bool]) -> Iterator[Event]:
    """Give what the process tells until it says no more."""
    while True:
        if is_asked_to_stop():
            stop.set()
        if not heard.poll(LOOK_EVERY):
            continue
        try:
            said = heard.recv()
        except EOFError:
            return
        if isinstance(said, _Ended):
            raise said.error()
        yield said


def _work(path: Path, told: Any, stop: Any) -> None:
    """Walk through a run and tell what happens; ends in the middle, resumable, when nobody listens."""
    # It recommends a kernel of its own to whoever imports peft, used or not: as what follows does.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    from tunesmith.lifecycle.cost import metered
    from tunesmith.lifecycle.run import walk as walk_through

    with suppress(BrokenPipeError):
        try:
            folder = open_folder(path)
            for event in metered(folder, walk_through(folder, stop.is_set)):
                told.send(event)
        except TunesmithError as error:
            told.send(_Ended(type(error).__name__, str(error)))
        except BrokenPipeError:
            raise
        except Exception as error:
            told.send(_Ended("", f"{type(error).__name__}: {error}"))
            raise  # where in the code it was is for standard error
