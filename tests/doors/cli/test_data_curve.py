"""`tunesmith data curve` says what twice as much data would bring."""

import json
from pathlib import Path

from command_line import Command
from finished_curve import CHANGE
from small_runs import write_recipe
from tunesmith.lifecycle.search import Search


def test_a_curve_and_what_a_change_does_are_shown(command: Command, finished_curve: Search) -> None:
    told = command("data", "curve", "--resume", finished_curve.folder.path)
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0] == "perplexity"
    assert [line.split()[1] for line in lines[1:6]] == ["rows"] * 5
    assert lines[5].endswith("expected")
    assert lines[6].startswith("From ")
    assert "training rows, the gain in perplexity would be" in lines[6]
    assert lines[7] == f"perplexity with {CHANGE}"
    assert all(" becomes " in line and " gain " in line for line in lines[8:12])
    assert f"the gain in perplexity by {CHANGE} is" in lines[12]
    assert lines[13] == f"runs: {finished_curve.folder.path}"
    whole = json.loads(command("data", "curve", "--resume", finished_curve.folder.path, "--json").out)
    assert [one["sentence"] for one in (*whole["learning"], *whole["compared"])] == [lines[6], lines[12]]
    assert len(whole["learning"][0]["points"]) == len(whole["compared"][0]["results"]) == 4


def test_it_needs_a_recipe_or_a_folder_and_numbers(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    assert "Give either a recipe, or --resume" in command("data", "curve").err
    recipe = write_recipe(tmp_path, tiny_folder)
    told = command("data", "curve", recipe, "--shares", "half", "--runs", tmp_path)
    assert (told.code, told.out) == (2, "")
    assert "--shares 'half': write numbers with commas" in told.err
    told = command("data", "curve", recipe, "--compare", "evaluation={}", "--runs", tmp_path)
    assert "cannot be compared" in told.err
    assert not list(tmp_path.glob("*-curve-*"))
