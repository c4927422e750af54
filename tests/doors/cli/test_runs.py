import json
from dataclasses import asdict
from pathlib import Path

from command_line import Command
from finished_run import FinishedRun
from small_runs import read_recipe
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.history import history


def test_a_run_is_a_line(command: Command, finished_run: FinishedRun) -> None:
    told = command("runs", finished_run.folder.path.parent)
    (line,) = told.out.splitlines()
    assert told.code == 0
    assert line.startswith(f"{finished_run.folder.path}  6/6 steps  validation loss ")
    assert line.endswith("  not enough data to tell")


def test_a_program_gets_the_same(command: Command, finished_run: FinishedRun) -> None:
    root = finished_run.folder.path.parent
    assert json.loads(command("runs", root, "--json").out) == [asdict(one) for one in history(root)]


def test_a_run_that_has_not_begun_has_no_loss(command: Command, tiny_folder: Path, tmp_path: Path) -> None:
    folder = run_folder.create(read_recipe(tmp_path, tiny_folder), tmp_path / "runs")
    told = command("runs", tmp_path / "runs")
    assert told.out == f"{folder.path}  0/0 steps  no validation  not finished\n"


def test_where_nothing_was_run_that_is_said(command: Command, tmp_path: Path) -> None:
    assert command("runs", tmp_path / "runs").out == f"No runs in {tmp_path / 'runs'} yet.\n"
    assert json.loads(command("runs", tmp_path / "runs", "--json").out) == []
