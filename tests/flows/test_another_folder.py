"""A run whose recipe has relative paths goes on, and is used, wherever one stands."""

import shutil
from pathlib import Path

import pytest

import tunesmith
from command_line import Command
from small_runs import write_recipe, write_rows
from tunesmith.core.cards import Step
from tunesmith.lifecycle.events import Saved
from tunesmith.lifecycle.run_folder import open_folder


@pytest.mark.timeout(600)
def test_a_run_of_relative_paths_is_resumed_and_evaluated_from_another_folder(
    command: Command, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    shutil.copytree(tiny_folder, there / "models" / "mine")
    here.mkdir()
    monkeypatch.chdir(there)
    for event in tunesmith.walk(write_recipe(Path(), Path("models/mine"))):
        if isinstance(event, Saved):
            break
    (run,) = (there / "runs").iterdir()
    written = (run / "recipe.yaml").read_bytes()
    assert b"base: models/mine" in written
    assert b"path: rows.jsonl" in written

    monkeypatch.chdir(here)
    told = command("resume", run)
    assert told.code == 0, told.err
    assert [event.number for event in open_folder(run).events() if isinstance(event, Step)] == [1, 2]
    assert (run / "recipe.yaml").read_bytes() == written
    told = command("evaluate", run / "package", write_rows(Path("new.jsonl"), 4))
    assert told.code == 0, told.err
    assert told.out.startswith("verdict: ")
