"""A trace store loses nothing it has accepted, whoever writes beside it, and says what it refuses."""

import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.errors import BadData
from tunesmith.core.example import Message
from tunesmith.core.service import Trace
from tunesmith.monitoring.trace_store import Summary, TraceStore

Make = Callable[..., Trace]


def test_a_trace_survives_writing_and_reading(store: TraceStore, place: Path, trace: Make) -> None:
    turns = (
        Message("system", "Be kind."),
        Message("user", "\x00 'quoted'\n€"),
        Message("assistant", "", 0.0),
    )
    kept = trace("a", messages=turns, correction="Better.")
    store.add(kept)
    store.close()
    again = TraceStore.open(f"sqlite:///{place}")
    assert again.all() == [kept]
    again.close()


def test_a_correction_is_kept_and_gives_the_one_it_replaces(store: TraceStore, trace: Make) -> None:
    store.add(trace("a"))
    assert store.correct("a", "First.", now=2.0) is None
    assert store.correct("a", "Second.", now=3.0) == "First."
    assert store.all() == [trace("a", correction="Second.")]


def test_an_unknown_trace_cannot_be_corrected(store: TraceStore) -> None:
    with pytest.raises(BadData, match="no trace 'b'"):
        store.correct("b", "Better.", now=2.0)


def test_traces_come_in_the_order_in_which_they_last_changed(store: TraceStore, trace: Make) -> None:
    for number, name in enumerate("abc"):
        store.add(trace(name, created=float(number)))
    store.correct("a", "Better.", now=10.0)
    assert [one.id for one in store.all()] == ["b", "c", "a"]
    assert [one.id for one in store.all(since=2.0)] == ["c", "a"]
    assert store.all(since=11.0) == []


def test_a_summary_counts_exactly(store: TraceStore, trace: Make) -> None:
    for number in range(1, 201):
        store.add(trace(str(number), seconds=float(number)))
    for name in ("7", "8", "9"):
        store.correct(name, "Better.", now=2.0)
    found = store.summary()
    assert found == Summary(200, 3, 1000, 400, (100.0, 180.0, 198.0, 200.0))
    assert found.share_corrected == 0.015


def test_an_empty_store_has_a_summary(store: TraceStore) -> None:
    assert store.summary() == Summary(0, 0, 0, 0, (0.0, 0.0, 0.0, 0.0))
    assert store.summary().share_corrected == 0


@given(seconds=st.lists(st.floats(0, 100), min_size=1, max_size=15))
def test_percentiles_are_those_of_the_sorted_times(trace: Make, seconds: list[float]) -> None:
    store = TraceStore.open("sqlite://")
    for number, value in enumerate(seconds):
        store.add(trace(str(number), seconds=value))
    ordered = sorted(seconds)
    ranks = [next(k for k in range(1, len(seconds) + 1) if k * 100 >= p * len(seconds)) for p in (50, 90, 99)]
    assert store.summary().seconds == (*(ordered[rank - 1] for rank in ranks), ordered[-1])
    store.close()


def test_threads_write_side_by_side(store: TraceStore, trace: Make) -> None:
    def write(thread: int) -> None:
        for number in range(20):
            store.add(trace(f"{thread}-{number}"))
            store.correct(f"{thread}-{number}", "Better.", now=2.0)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (store.summary().traces, store.summary().corrected) == (120, 120)


def _write(place: str, one: Trace, process: int) -> None:
    store = TraceStore.open(place)
    for number in range(20):
        store.add(replace(one, id=f"{process}-{number}"))
        store.correct(f"{process}-{number}", "Better.", now=2.0)
    store.close()


def test_processes_open_and_write_side_by_side(place: Path, trace: Make) -> None:
    arguments = [(str(place), trace("any"), number) for number in range(3)]
    processes = [get_context("spawn").Process(target=_write, args=one) for one in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    store = TraceStore.open(str(place))
    assert (store.summary().traces, store.summary().corrected) == (60, 60)
    store.close()
