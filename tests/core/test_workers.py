"""Work done in several processes gives what it would give in one, in the same order."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from tunesmith.core import workers
from tunesmith.core.errors import BadData
from tunesmith.core.workers import in_order, usable


def children() -> int:
    return len(multiprocessing.active_children())


@pytest.mark.parametrize("count", [0, 1, 2, 5, 40])
@pytest.mark.parametrize("several", [1, 2, 3, 7])
def test_results_come_in_order(count: int, several: int) -> None:
    assert list(in_order(lambda number: number**2, count, several)) == [number**2 for number in range(count)]
    assert children() == 0


def test_the_work_is_done_in_other_processes() -> None:
    def who(_: int) -> int:
        time.sleep(0.1)
        return os.getpid()

    ids = list(in_order(who, 6, 2))
    assert len(set(ids)) == 2
    assert os.getpid() not in ids


def test_whoever_is_free_takes_the_next_piece() -> None:
    def slow_first(number: int) -> tuple[int, int]:
        time.sleep(0.0 if number else 0.5)
        return number, os.getpid()

    found = list(in_order(slow_first, 6, 2))
    assert [number for number, _ in found] == list(range(6))
    assert len({who for _, who in found[1:]}) == 1


def test_one_piece_of_work_is_done_here() -> None:
    assert list(in_order(lambda _: os.getpid(), 1, 4)) == [os.getpid()]
    assert list(in_order(lambda _: os.getpid(), 3, 1)) == [os.getpid()] * 3


def test_large_results_are_whole() -> None:
    found = list(in_order(lambda number: bytes([number]) * 3_000_000, 5, 2))
    assert [(len(one), one[0], one[-1]) for one in found] == [(3_000_000, n, n) for n in range(5)]


def failing(number: int) -> int:
    if number == 3:
        raise BadData("Row 3 is odd.")
    return number


def test_what_work_raises_is_raised_when_it_is_its_turn() -> None:
    taken: list[int] = []
    with pytest.raises(BadData, match=r"Row 3 is odd\."):
        taken.extend(in_order(failing, 6, 2))
    results = in_order(failing, 6, 2)
    assert list(islice(results, 3)) == [0, 1, 2]
    with pytest.raises(BadData):
        next(results)
    assert children() == 0


def test_a_process_that_is_killed_is_told_of() -> None:
    def die(number: int) -> int:
        if number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    with pytest.raises(RuntimeError, match=r"was ended \(code -9\).*memory was short"):
        list(in_order(die, 4, 2))
    assert children() == 0


def test_what_is_not_taken_is_not_waited_for() -> None:
    results: Iterator[bytes] = in_order(lambda _: bytes(1_000_000), 50, 2)
    assert len(next(results)) == 1_000_000
    del results
    assert children() == 0


def test_without_fork_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    assert usable() == 1
    assert list(in_order(lambda _: os.getpid(), 4)) == [os.getpid()] * 4


def test_there_are_never_more_than_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert usable() == workers.MOST


PROGRAM = """
import os, sys
from tunesmith.core.workers import in_order
for found in in_order(lambda _: os.getpid().to_bytes(4, "big") * 1_000_000, 50, 3):
    print(int.from_bytes(found[:4], "big"), flush=True)
    sys.stdin.readline()
"""


def test_processes_end_where_the_one_that_waits_for_them_is_killed() -> None:
    with Popen([sys.executable, "-c", PROGRAM], stdin=PIPE, stdout=PIPE, text=True) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        seen: set[int] = set()
        while len(seen) < 3:
            seen.add(int(parent.stdout.readline()))
            parent.stdin.write("\n")
            parent.stdin.flush()
        parent.kill()
    for _ in range(100):
        seen = {number for number in seen if Path(f"/proc/{number}").exists()}
        if not seen:
            return
        time.sleep(0.1)
    for number in seen:
        os.kill(number, signal.SIGKILL)
    pytest.fail(f"{len(seen)} processes are left that nobody waits for")
