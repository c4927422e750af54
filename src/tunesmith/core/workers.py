"""Do independent work in several processes, and take what comes out in order.

Each process begins as a copy of this one (fork), so that nothing has to be sent to it: not the rows, which
may lie on a disk, nor a tokenizer. Where processes cannot be copied, the work is done here, in turn.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

MOST = 8
"""How many processes work at most: each holds memory of its own."""


def usable() -> int:
    """Say how many processes can work side by side here."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST)


def in_order(work: Callable[[int], T], count: int, workers: int | None = None) -> Iterator[T]:
    """Give work(0), work(1), ... up to `count`, done in so many processes; unset: in all that are usable.

    Results go through a pipe, so they must be plain values, and what work changes otherwise is lost. Raises
    what work raises, once it is its turn, and RuntimeError where a process is killed.
    """
    workers = min(usable() if workers is None else workers, count)
    if workers < 2:
        yield from map(work, range(count))
        return
    every = [_begin(work, range(first, count, workers)) for first in range(workers)]
    try:
        for number in range(count):
            yield _taken(every[number % workers])
    finally:
        for worker in every:
            worker.process.kill()
            worker.process.join()
            worker.results.close()


@dataclass(frozen=True)
class _Worker:
    """A process, and the end of the pipe that its results come out of."""

    process: Any
    results: Any


@dataclass(frozen=True)
class _Raised:
    error: Exception


def _begin(work: Callable[[int], Any], numbers: range) -> _Worker:
    fork = multiprocessing.get_context("fork")
    results, told = fork.Pipe(duplex=False)
    process = fork.Process(target=_serve, args=(work, numbers, told), daemon=True)
    process.start()
    told.close()  # only the worker holds it now, so that its death is seen
    return _Worker(process, results)


def _serve(work: Callable[[int], Any], numbers: range, told: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asked for the work decides whether it goes on
    with suppress(BrokenPipeError):  # nobody waits any longer
        for number in numbers:
            try:
                told.send(work(number))
            except Exception as error:
                told.send(_Raised(error))
                return


def _taken(worker: _Worker) -> Any:
    try:
        result = worker.results.recv()
    except EOFError:
        worker.process.join()
        raise RuntimeError(
            f"A process that worked on a part was ended (code {worker.process.exitcode}). If memory was "
            "short, close other programs; then do the same again."
        ) from None
    if isinstance(result, _Raised):
        raise result.error
    return result
