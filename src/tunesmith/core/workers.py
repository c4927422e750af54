"""Do independent work in several processes, and take what comes out in order.

Each process begins as a copy of this one (fork), so that nothing has to be sent to it: not the rows, which
may lie on a disk, nor a tokenizer. Where processes cannot be copied, the work is done here, in turn.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
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
    fork = multiprocessing.get_context("fork")
    following = fork.Value("q", 0)
    every: list[_Worker] = []
    try:
        for _ in range(workers):
            every.append(_begin(fork, work, count, following, every))
        yield from _taken(every, count)
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


def _begin(
    fork: Any, work: Callable[[int], Any], count: int, following: Any, before: Sequence[_Worker]
) -> _Worker:
    results, told = fork.Pipe(duplex=False)

    def begin() -> None:
        for taken in (results, *(worker.results for worker in before)):
            taken.close()  # held here as well, it would not be seen that nobody waits any longer
        _serve(work, count, following, told)

    process = fork.Process(target=begin, daemon=True)
    process.start()
    told.close()  # only the worker holds it now, so that its death is seen
    return _Worker(process, results)


def _serve(work: Callable[[int], Any], count: int, following: Any, told: Any) -> None:
    """Do what nobody has begun yet, until nothing is left; `following` is the next number, for all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asked for the work decides whether it goes on
    with suppress(BrokenPipeError):  # nobody waits any longer
        while True:
            with following.get_lock():
                number = following.value
                following.value += 1
            if number >= count:
                return
            try:
                told.send((number, work(number)))
            except Exception as error:
                told.send((number, _Raised(error)))


def _taken(every: Sequence[_Worker], count: int) -> Iterator[Any]:
    """Give results in order; those that come early wait here, about one for each process."""
    early: dict[int, Any] = {}
    open_ones = {worker.results: worker for worker in every}
    for number in range(count):
        while number not in early:
            ready: list[Any] = wait(list(open_ones))
            for results in ready:
                try:
                    at, result = results.recv()
                    early[at] = result
                except EOFError:
                    _check_end(open_ones.pop(results))
        result = early.pop(number)
        if isinstance(result, _Raised):
            raise result.error
        yield result


def _check_end(worker: _Worker) -> None:
    worker.process.join()
    if worker.process.exitcode:
        raise RuntimeError(
            f"A process that worked on a part was ended (code {worker.process.exitcode}). If memory was "
            "short, close other programs; then do the same again."
        )
