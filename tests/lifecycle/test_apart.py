"""A run in a process of its own tells the same, hears of no Ctrl-C, and ends nothing but itself."""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest

from small_runs import read_recipe
from tunesmith.core.cards import Step
from tunesmith.core.errors import Stopped, TunesmithError
from tunesmith.lifecycle import apart, run_folder
from tunesmith.lifecycle.events import Stage
from tunesmith.lifecycle.run_folder import RunFolder


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> RunFolder:
    return run_folder.create(read_recipe(tmp_path, tiny_folder), tmp_path / "runs")


def everything(heard: Connection) -> list[Any]:
    """Give all that was told through a pipe whose other end is closed."""
    said: list[Any] = []
    while True:
        try:
            said.append(heard.recv())
        except EOFError:
            return said


def told(folder: Path, stop: Any) -> list[Any]:
    """Give what a run tells that is walked through in this process."""
    heard, end = multiprocessing.Pipe(duplex=False)
    apart._work(folder, end, stop)
    end.close()
    return everything(heard)


def test_a_ctrl_c_is_for_who_started_it_and_a_kill_is_an_error_of_that_run_only(folder: RunFolder) -> None:
    events = apart.walk(folder)
    assert isinstance(next(events), Stage)
    (process,) = multiprocessing.active_children()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGINT)
    assert any(isinstance(event, Step) for event in events)
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(TunesmithError, match=r"ended from outside \(code -9\).*memory"):
        list(events)
    assert multiprocessing.active_children() == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert [event for event in folder.events() if isinstance(event, Stage)]


def test_who_stops_listening_ends_the_process(folder: RunFolder) -> None:
    events = apart.walk(folder)
    next(events)
    events.close()
    assert multiprocessing.active_children() == []
    assert not (folder.path / "report.json").exists()  # it did not go on to the end


def test_the_error_that_ends_a_run_is_told_in_its_own_words(folder: RunFolder, tmp_path: Path) -> None:
    Path(folder.recipe.data.source.options["path"]).unlink()
    (ended,) = told(folder.path, Flag())
    assert str(ended.error()).startswith(f"There is no file {tmp_path / 'rows.jsonl'}")
    assert type(ended.error()) is TunesmithError


def test_a_run_that_was_asked_to_stop_says_so(folder: RunFolder) -> None:
    stop = Flag()
    stop.set()
    *said, ended = told(folder.path, stop)
    assert isinstance(ended.error(), Stopped)
    assert said == folder.events()


def test_a_mistake_of_ours_is_told_and_shown(folder: RunFolder) -> None:
    class Broken:
        def is_set(self) -> bool:
            raise RuntimeError("no flag")

    heard, end = multiprocessing.Pipe(duplex=False)
    with pytest.raises(RuntimeError, match="no flag"):
        apart._work(folder.path, end, Broken())
    end.close()
    assert str(everything(heard)[-1].error()) == "RuntimeError: no flag"


def test_a_run_that_nobody_listens_to_ends_and_can_go_on(folder: RunFolder) -> None:
    heard, end = multiprocessing.Pipe(duplex=False)
    heard.close()
    apart._work(folder.path, end, Flag())
    assert len(folder.events()) == 1
    assert not (folder.path / "report.json").exists()
