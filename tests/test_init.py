"""What `import tunesmith` gives: the verbs of the life cycle."""

import json
from pathlib import Path

import pytest

import tunesmith
from finished_run import CHANGES, FinishedRun
from small_runs import write_recipe, write_rows
from tunesmith.core.errors import BadData, BadOption
from tunesmith.lifecycle.events import Saved, Step
from tunesmith.lifecycle.run_folder import open_folder


def test_a_recipe_is_read_with_changes(tiny_folder: Path, tmp_path: Path) -> None:
    page = write_recipe(tmp_path, tiny_folder)
    assert tunesmith.read(page).training.max_steps == 2
    assert tunesmith.read(str(page), "training.max_steps=5").training.max_steps == 5
    with pytest.raises(BadOption, match="Did you mean"):
        tunesmith.read(page, "training.max_stps=5")


def test_a_file_and_a_recipe_are_checked_alike(tiny_folder: Path, tmp_path: Path) -> None:
    page = write_recipe(tmp_path, tiny_folder)
    found = tunesmith.check(page, "training.max_steps=1")
    assert found.steps == 1
    assert tunesmith.check(tunesmith.read(page), "training.max_steps=1") == found


def test_a_walk_can_be_left_and_resumed(tiny_folder: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for event in tunesmith.walk(write_recipe(tmp_path, tiny_folder), runs=runs):
        if isinstance(event, Saved):
            break
    (folder,) = runs.iterdir()
    assert [event.number for event in open_folder(folder).events() if isinstance(event, Step)] == [1]
    assert (folder / "checkpoints" / "step-1" / "manifest.json").is_file()


def test_a_walk_ends_with_the_verdict(finished_run: FinishedRun) -> None:
    report = finished_run.finished.report
    assert isinstance(report, tunesmith.Report)
    assert report.verdict == "not enough data to tell"
    assert (finished_run.folder.recipe.training.max_steps, len(CHANGES)) == (6, 5)


def test_a_run_that_fails_raises_its_reason(tiny_folder: Path, tmp_path: Path) -> None:
    page = write_recipe(tmp_path, tiny_folder)
    (tmp_path / "rows.jsonl").write_text("broken\n")
    with pytest.raises(BadData, match=r"rows\.jsonl:1 \(byte 0\)") as caught:
        tunesmith.run(page, runs=tmp_path / "runs")
    assert isinstance(caught.value, tunesmith.TunesmithError)


def test_a_package_is_loaded_and_answers(finished_run: FinishedRun) -> None:
    model = tunesmith.load(str(finished_run.package))
    sample = finished_run.finished.report.samples[0]
    assert "".join(model.stream(sample.prompt)).startswith(sample.tuned)


def test_a_package_is_evaluated_on_new_rows(finished_run: FinishedRun, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "new.jsonl", 4)
    report = tunesmith.evaluate(finished_run.package, data)
    assert [result.metric for result in report.metrics] == ["rouge_l", "perplexity"]
    (only,) = tunesmith.evaluate(finished_run.package, data, ("perplexity",)).metrics
    assert only == report.metrics[1]
    assert report.rows == 4
    assert json.loads((finished_run.package / "package.json").read_text())["kind"] == "adapter"
