"""Ctrl-C and SIGTERM ask a run or a search to stop at the next safe point; a second Ctrl-C stops at once."""

import os
import shlex
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tunesmith.core.errors import DiskFull, Stopped


@contextmanager
def stop_on_signals() -> Generator[Callable[[], bool]]:
    """Give a function that says whether stopping was asked for; signals work as before afterwards."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        # Not through sys.stderr: the signal may have come while that was being written to.
        os.write(2, b"\nStopping at the next safe point; once more to stop at once.\n")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def telling_how_to_go_on(command: str, folder: Path) -> Generator[None]:
    """Tell, where work in a folder is stopped or finds no room, the command that goes on with it.

    Raises Stopped, or DiskFull, with the command at the end of its message.
    """
    hint = f"Go on with: {command} {shlex.quote(str(folder))}"
    try:
        yield
    except (Stopped, DiskFull) as stopped:
        raise type(stopped)(f"{stopped} {hint}") from None
    except KeyboardInterrupt:
        raise Stopped(f"\nStopped at once; the last checkpoint is intact. {hint}") from None
