"""From corrected answers to a recipe that can be run."""

import json
import shutil
from pathlib import Path

import pytest

from kept_traces import keep_traces
from small_runs import make_run
from tunesmith import recipe as recipes
from tunesmith.core.errors import BadData, BadRecipe
from tunesmith.lifecycle.check import check
from tunesmith.lifecycle.retrain import retrain


def test_the_next_recipe_holds_the_old_rows_and_the_corrections_and_names_its_parent(
    tiny_folder: Path, tmp_path: Path
) -> None:
    run = make_run(tmp_path / "run", tiny_folder)
    traces = keep_traces(tmp_path / "traces.db", corrected=3)
    found = retrain(run.path, traces, tmp_path / "next", minimum=3)
    assert found.signal.fires
    assert found.recipe is not None
    proposed = recipes.read(found.recipe)
    assert (proposed.parent, proposed.name) == (run.path.name, "orders-2")
    rows = [json.loads(line) for line in (tmp_path / "next" / "rows.jsonl").read_text("utf-8").splitlines()]
    answers = [row["messages"][-1]["content"] for row in rows]
    assert len(rows) == 40 + 3
    assert "Yes, lamp 2 can come back." in answers
    assert check(proposed).ledger["rows_in"] == 43


def test_a_run_that_was_started_elsewhere_leads_to_a_recipe_for_here(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    shutil.copytree(tiny_folder, there / "models" / "mine")
    here.mkdir()
    monkeypatch.chdir(there)
    run = make_run(Path("run"), Path("models/mine"))
    written = (there / run.path / "recipe.yaml").read_bytes()
    monkeypatch.chdir(here)
    traces = keep_traces(tmp_path / "traces.db", corrected=3)
    found = retrain(there / run.path, traces, Path("next"), minimum=3)
    assert found.recipe is not None
    proposed = recipes.read(found.recipe)
    assert Path(proposed.base) == there / "models" / "mine"
    assert check(proposed).ledger["rows_in"] == 43
    assert (there / run.path / "recipe.yaml").read_bytes() == written
    assert b"base: models/mine" in written


def test_too_few_corrections_propose_nothing_and_write_nothing(tiny_folder: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", tiny_folder)
    traces = keep_traces(tmp_path / "traces.db", corrected=2)
    found = retrain(run.path, traces, tmp_path / "next", minimum=3)
    assert not found.signal.fires
    assert found.recipe is None
    assert not (tmp_path / "next").exists()


def test_a_proposal_is_never_overwritten(tiny_folder: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", tiny_folder)
    traces = keep_traces(tmp_path / "traces.db", corrected=3)
    retrain(run.path, traces, tmp_path / "next", minimum=3)
    before = (tmp_path / "next" / "rows.jsonl").read_bytes()
    with pytest.raises(BadRecipe, match="already holds a proposal"):
        retrain(run.path, traces, tmp_path / "next", minimum=3)
    assert (tmp_path / "next" / "rows.jsonl").read_bytes() == before


def test_traces_that_do_not_exist_are_refused_and_not_made(tiny_folder: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", tiny_folder)
    with pytest.raises(BadData, match="no traces at"):
        retrain(run.path, str(tmp_path / "typo.db"), tmp_path / "next", minimum=3)
    assert not (tmp_path / "typo.db").exists()
