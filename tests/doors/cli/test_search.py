import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from full_disk import no_file_beyond
from small_runs import read_recipe, write_recipe
from tunesmith.core.errors import BadOption, DiskFull, TunesmithError
from tunesmith.doors.cli.app import build
from tunesmith.lifecycle.search import begin


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(build(), ["search", *map(str, words)])


def test_it_shows_all_trials_and_only_the_winner_s_verdict(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    result = invoke(recipe, "training.learning_rate=1e30,1e-3", "--runs", tmp_path / "runs")
    assert result.exception is None
    head, failed, won, _, verdict, *_ = result.stdout.splitlines()
    assert head.split() == ["changes", "validation", "loss"]
    assert failed.startswith("training.learning_rate=1e30  failed: ")
    assert won.startswith("training.learning_rate=1e-3  ")
    assert won.endswith("  best")
    assert verdict.startswith("verdict: ")
    assert result.stdout.count("verdict: ") == 1
    assert "verdict" not in result.stderr
    assert "trial 2 of 2 finished" in result.stderr

    (folder,) = (tmp_path / "runs").iterdir()
    again = invoke("--resume", folder, "--json")
    told = json.loads(again.stdout)
    assert [trial["state"] for trial in told["trials"]] == ["failed", "finished"]
    assert told["best"] == told["trials"][1]
    assert told["report"]["verdict"] == verdict.removeprefix("verdict: ")
    assert "trial 1 of 2 started" in again.stderr
    assert "trial 2 of 2" not in again.stderr


def test_a_search_without_a_winner_is_an_error_that_says_how_to_go_on(
    tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    root = tmp_path / "all runs"
    result = invoke(recipe, "training.learning_rate=1e30,2e30", "--runs", root, "--json")
    (folder,) = root.iterdir()
    assert isinstance(result.exception, TunesmithError)
    assert str(result.exception).endswith(f"tunesmith search --resume '{folder}'")
    told = json.loads(result.stdout)
    assert (told["best"], told["report"]) == (None, None)


def test_a_full_disk_says_how_to_go_on(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tmp_path, tiny_folder)
    folder = begin(recipe, ["seed=1,2"], tmp_path / "all runs").folder.path
    with no_file_beyond(12_000):
        result = invoke("--resume", folder)
    assert isinstance(result.exception, DiskFull)
    assert str(result.exception).endswith(f"Go on with: tunesmith search --resume '{folder}'")
    assert "trial 1 of 2 started" in result.stderr
    assert "failed" not in result.stderr


@pytest.mark.parametrize("words", [[], ["recipe.yaml", "--resume", "folder"]])
def test_a_recipe_and_a_folder_to_resume_exclude_each_other(words: list[str]) -> None:
    assert isinstance(invoke(*words).exception, BadOption)
