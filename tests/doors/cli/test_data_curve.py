"""`tunesmith data curve` says what twice as much data would bring."""

import json
from pathlib import Path

from command_line import Command
from small_runs import write_recipe


def test_a_curve_is_made_shown_and_gone_on_with(command: Command, tiny_folder: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, tiny_folder, count=120)
    told = command(
        "data", "curve", recipe, "training.max_steps=1", "--shares", "0.25,0.5,0.75,1", "--runs", tmp_path
    )
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0] == "perplexity"
    assert [line.split()[1] for line in lines[1:6]] == ["rows"] * 5
    assert lines[5].endswith("expected")
    assert lines[6].startswith("From ")
    assert "training rows, the gain in perplexity would be" in lines[6]
    folder = lines[7].removeprefix("runs: ")
    assert "trial 4 of 4 finished" in told.err
    again = command("data", "curve", "--resume", folder, "--json")
    assert again.code == 0
    (curve,) = json.loads(again.out)
    assert curve["sentence"] == lines[6]
    assert len(curve["points"]) == 4


def test_it_needs_a_recipe_or_a_folder_and_numbers(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    assert "Give either a recipe, or --resume" in command("data", "curve").err
    told = command(
        "data", "curve", write_recipe(tmp_path, tiny_folder), "--shares", "half", "--runs", tmp_path
    )
    assert (told.code, told.out) == (2, "")
    assert "--shares 'half': write numbers with commas" in told.err
