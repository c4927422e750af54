import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from small_runs import write_rows
from tunesmith.core.errors import BadRecipe
from tunesmith.doors.cli.app import build


def invoke(*words: str | Path) -> str:
    result = CliRunner().invoke(build(), ["new", *map(str, words)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_tells_what_was_recognised_and_the_next_command(tiny_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "a recipe.yaml"
    told = invoke(write_rows(tmp_path / "rows.jsonl"), "--recipe", page, "--base", tiny_folder)
    assert told.startswith("JSONL with columns 'prompt' and 'completion'")
    assert f"tunesmith check '{page}'" in told
    checked = CliRunner().invoke(build(), ["check", str(page)], catch_exceptions=False)
    assert "The recipe can be run." in checked.stdout


def test_it_points_at_the_goal_unless_it_was_given(tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl")
    told = invoke(rows, "--recipe", tmp_path / "one.yaml")
    assert "fill in:  goal, which is now 'Answer the way rows.jsonl does.'\n" in told
    assert "fill in" not in invoke(rows, "--recipe", tmp_path / "two.yaml", "--goal", "Find orders.")


def test_its_json_says_the_same(tiny_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "recipe.yaml"
    told = json.loads(
        invoke(write_rows(tmp_path / "rows.jsonl"), "--recipe", page, "--base", tiny_folder, "--json")
    )
    assert (told["recipe"], told["kind"], told["notes"]) == (str(page), "conversations", [])
    assert told["next"] == f"tunesmith check {page}"


def test_an_existing_recipe_stays(tiny_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "recipe.yaml"
    page.write_text("mine")
    with pytest.raises(BadRecipe, match="exists already"):
        invoke(write_rows(tmp_path / "rows.jsonl"), "--recipe", page, "--base", tiny_folder)
    assert page.read_text() == "mine"
