"""`tunesmith compare-methods` shows what every method brings and takes, and goes on where it was stopped."""

import json
from pathlib import Path

from command_line import Command
from small_runs import write_recipe
from tunesmith.lifecycle.search import Search


def test_a_comparison_is_shown_as_a_table_as_markdown_and_as_json(
    command: Command, finished_comparison: Search, tmp_path: Path
) -> None:
    folder, page = finished_comparison.folder.path, tmp_path / "table.md"
    told = command("compare-methods", "--resume", folder, "--table", page)
    assert told.code == 0
    head, base, first, second, refused, empty, best, other, *rest = told.out.splitlines()
    assert head.startswith("method    perplexity: value, gain (95 %)")
    assert head.split()[-8:] == ["learning", "rate", "trained", "peak", "memory", "time", "on", "disk"]
    assert base.startswith("the base  ")
    assert {first.split()[0], second.split()[0]} == {"lora", "full"}
    assert all(" MiB" in line and " s " in line for line in (first, second))
    assert refused.startswith("features  did not run: method features does not fit")
    assert empty == ""
    assert best == f"Best by perplexity on 27 test rows: {first.split()[0]}."
    assert second.split()[0] in other
    assert rest[-1] == f"runs: {folder}"

    rows = page.read_text(encoding="utf-8").splitlines()
    assert [row.count(" | ") for row in rows[:6]] == [7] * 6
    assert rows[2].startswith("| the base | ")
    assert best in rows

    value = json.loads(command("compare-methods", "--resume", folder, "--json").out)
    assert [one["method"] for one in value["methods"]] == [*value["ranking"]["order"], "features"]
    assert value["ranking"]["level"] + value["ranking"]["behind"] == value["ranking"]["order"][1:]
    assert value["methods"][0]["cost"]["device"] == "cpu"


def test_where_no_method_can_run_the_reasons_are_shown_and_the_end_is_an_error(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    told = command("compare-methods", recipe, "--methods", "features", "--runs", tmp_path / "all runs")
    (folder,) = (tmp_path / "all runs").iterdir()
    assert told.code == 1
    assert told.out.splitlines()[1].startswith("features  did not run: method features does not fit")
    assert told.err.rstrip().endswith(f"tunesmith compare-methods --resume '{folder}'")
    assert "trial 1 of 1 failed" in told.err


def test_it_needs_a_recipe_or_a_folder(command: Command, tmp_path: Path) -> None:
    assert "Give either a recipe, or --resume" in command("compare-methods").err
    told = command("compare-methods", tmp_path / "recipe.yaml", "--resume", tmp_path)
    assert (told.code, told.out) == (2, "")


def test_what_a_comparison_began_with_is_not_changed_when_it_goes_on(
    command: Command, tmp_path: Path
) -> None:
    told = command("compare-methods", "--resume", tmp_path, "--methods", "lora")
    assert told.code == 2
    assert "goes on with the methods and changes it began with" in told.err


def test_a_table_needs_a_folder_before_anything_is_trained(command: Command, tmp_path: Path) -> None:
    told = command("compare-methods", tmp_path / "recipe.yaml", "--table", tmp_path / "no" / "table.md")
    assert told.code == 2
    assert "--table: there is no folder" in told.err
