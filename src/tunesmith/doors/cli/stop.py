"""Ctrl-C and SIGTERM ask a run to stop at the next safe point; a second Ctrl-C stops at once."""

import os
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType


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
