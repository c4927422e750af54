import os
import shutil
from pathlib import Path

import pytest

from finished_run import FinishedRun
from small_runs import read_recipe
from tunesmith.core.cards import Step, Validation
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.events import Started
from tunesmith.lifecycle.history import Summary, history, searches
from tunesmith.lifecycle.run_folder import RunFolder
from tunesmith.lifecycle.search import begin


@pytest.fixture
def begun(tiny_folder: Path, tmp_path: Path) -> RunFolder:
    return run_folder.create(read_recipe(tmp_path, tiny_folder), tmp_path / "runs")


def test_where_nothing_was_run_there_is_no_history(tmp_path: Path) -> None:
    assert history(tmp_path / "runs") == []
    (tmp_path / "runs" / "not-a-run").mkdir(parents=True)
    assert history(tmp_path / "runs") == []


def test_searches_are_found_beside_runs(begun: RunFolder) -> None:
    root = begun.path.parent
    assert searches(root) == searches(root / "nowhere") == []
    for name in ("b-search", "a-search"):
        begin(begun.recipe, ["seed=1,2"], root).folder.path.rename(root / name)
    assert searches(root) == [root / "a-search", root / "b-search"]
    assert [summary.folder for summary in history(root)] == [str(begun.path)]


def test_a_finished_run_is_told_by_its_verdict(finished_run: FinishedRun) -> None:
    (found,) = history(finished_run.folder.path.parent)
    losses = [event.loss for event in finished_run.events if isinstance(event, Validation) and event.step]
    assert found == Summary(
        str(finished_run.folder.path), finished_run.finished.report.verdict, 6, 6, min(losses)
    )


def test_a_run_that_goes_on_is_told_by_how_far_it_came(begun: RunFolder) -> None:
    for event in (
        Started(0, 9, 1, 1),
        Validation(0, 1.0, 0.1, 4),
        Step(1, 1, 2.5, 10.0, 12, 0.5, 1e-4, 0.25),
        Validation(1, 2.0, 0.1, 4),
    ):
        begun.record(event)
    assert history(begun.path.parent) == [Summary(str(begun.path), "not finished", 1, 9, 2.0)]


def test_looking_changes_no_file_of_a_run(begun: RunFolder) -> None:
    (begun.path / "events.jsonl").write_bytes(b'{"time": "2026')
    before = {path: path.read_bytes() for path in begun.path.iterdir()}
    history(begun.path.parent)
    assert {path: path.read_bytes() for path in begun.path.iterdir()} == before


def test_the_newest_is_last_and_a_run_that_cannot_be_read_says_why(begun: RunFolder) -> None:
    root = begun.path.parent
    later = shutil.copytree(begun.path, root / "a-later-one")
    (later / "recipe.yaml").write_text("nonsense: 1")
    os.utime(later, (2**31, 2**31))
    first, second = history(root)
    assert (first.folder, second.folder) == (str(begun.path), str(later))
    assert second.state.startswith("cannot be read: ")
    assert "nonsense" in second.state


def test_a_damaged_report_is_told(begun: RunFolder) -> None:
    (begun.path / "report.json").write_text("{")
    (found,) = history(begun.path.parent)
    assert found.state.startswith("cannot be read: The report is not JSON")
