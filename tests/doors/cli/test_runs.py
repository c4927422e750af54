import json
from dataclasses import asdict
from pathlib import Path

from command_line import Command
from finished_run import FinishedRun
from small_runs import read_recipe
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.history import history
from tunesmith.lifecycle.search import begin


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
    root = tmp_path / "all runs"
    go_on = f"tunesmith run RECIPE --runs '{root}'"
    assert command("runs", root).out == f"There is no folder {root} yet. Begin a run with: {go_on}\n"
    root.mkdir()
    assert command("runs", root).out == f"There are no runs in {root} yet. Begin one with: {go_on}\n"
    assert json.loads(command("runs", root, "--json").out) == []


def test_what_holds_no_runs_is_said_to_be_what_it_is(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    root = tmp_path / "runs"
    run = run_folder.create(read_recipe(tmp_path, tiny_folder), root).path
    assert command("runs", run).out == f"{run} is a run itself. List it with: tunesmith runs {root}\n"
    page = run / "recipe.yaml"
    assert (
        command("runs", page).out == f"{page} is a file. List the runs beside it with: tunesmith runs {run}\n"
    )


def test_a_search_is_listed_with_the_way_to_its_trials(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    found = begin(read_recipe(tmp_path, tiny_folder), ["seed=1,2"], tmp_path / "runs").folder
    told = command("runs", tmp_path / "runs")
    assert told.out == f"{found.path}  a search; its trials: tunesmith runs {found.path}\n"
    assert json.loads(command("runs", tmp_path / "runs", "--json").out) == []
    told = command("runs", found.path)
    go_on = f"tunesmith search --resume {found.path}"
    assert told.out == f"{found.path} is a search without a trial yet. Go on with: {go_on}\n"
    trial = run_folder.create(found.recipe, found.path).path
    assert command("runs", found.path).out.startswith(f"{trial}  0/0 steps  ")
