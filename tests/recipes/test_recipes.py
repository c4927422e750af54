"""Every recipe in the repository can be used: it resolves, builds, and fits its data where that is here."""

import csv
import re
from pathlib import Path

import pytest

from tunesmith import recipe as recipes
from tunesmith.core.recipe import Recipe
from tunesmith.lifecycle.check import check
from tunesmith.model.load import load_chat

ROOT = Path(__file__).parents[2]
NO_RECIPES = {"tiny/phrases.yaml"}
"""YAML files of this folder that hold something else."""

PAGES = sorted(
    path
    for path in (ROOT / "recipes").rglob("*.yaml")
    if path.relative_to(ROOT / "recipes").as_posix() not in NO_RECIPES
)
BUNDLED = ROOT / "src" / "tunesmith" / "model" / "tiny"

every_recipe = pytest.mark.parametrize("page", PAGES, ids=[path.stem for path in PAGES])


def read(page: Path) -> Recipe:
    return recipes.read(page)


def committed_data(recipe: Recipe) -> Path | None:
    """Give the recipe's data file if it is in the repository; what is built or fetched is not."""
    path = ROOT / str(recipe.data.source.options["path"])
    return path if path.is_relative_to(ROOT / "samples") else None


def test_every_recipe_was_found() -> None:
    names = [path.relative_to(ROOT / "recipes").as_posix() for path in PAGES]
    assert len(names) >= 4
    assert {"quickstart.yaml", "tickets.yaml", "tiny/pretrain.yaml", "tiny/instruct.yaml"} <= set(names)


@every_recipe
def test_it_builds_and_a_resolved_one_resolves_to_itself(page: Path) -> None:
    resolved = recipes.resolve(read(page))
    assert recipes.resolve(resolved) == resolved
    assert set(recipes.build(resolved).metrics) == {metric.name for metric in resolved.evaluation.metrics}


@every_recipe
def test_its_comments_say_what_it_is_for_and_how_to_run_it(page: Path) -> None:
    opening = page.read_text(encoding="utf-8").split("\nname:")[0]
    assert opening.startswith("# ")
    assert f"tunesmith run recipes/{page.relative_to(ROOT / 'recipes').as_posix()}" in opening


def test_the_data_of_two_recipes_are_in_the_repository() -> None:
    found = [data for page in PAGES if (data := committed_data(read(page)))]
    assert sorted(path.name for path in found) == ["products.jsonl", "tickets.csv"]
    assert all(path.is_file() for path in found)


def test_what_the_tickets_recipe_says_of_its_data_is_so(monkeypatch: pytest.MonkeyPatch) -> None:
    page = ROOT / "recipes" / "tickets.yaml"
    said = " ".join(page.read_text(encoding="utf-8").replace("#", " ").split())
    with (ROOT / "samples" / "tickets.csv").open(encoding="utf-8", newline="") as file:
        labels = [row["label"] for row in csv.DictReader(file)]
    tokens = [len(load_chat(BUNDLED).tokenizer.encode(label, add_special_tokens=False)) for label in labels]
    monkeypatch.chdir(ROOT)
    held_out = check(read(page)).ledger["splits"]["test"]["rows"]
    assert f"one of twelve intents for every message, learned from {len(labels)} labelled tickets" in said
    assert len(set(labels)) == 12
    assert f"the longest label has {max(tokens)} tokens" in said
    assert f"on {held_out} test rows" in said


def test_the_tickets_recipe_asks_for_what_its_data_can_show() -> None:
    page = ROOT / "recipes" / "tickets.yaml"
    shown = re.search(r"an interval from ([\d.]+) to", page.read_text(encoding="utf-8"))
    first = read(page).success[0]
    assert shown is not None
    assert (first.metric, first.at_least) == ("exact_match", 0.35)
    assert first.at_least is not None
    assert 1 / 12 < first.at_least < float(shown[1])


@pytest.mark.skipif(not BUNDLED.is_dir(), reason="the bundled base is not there yet")
@every_recipe
def test_its_data_pass_the_check(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = read(page)
    if committed_data(recipe) is None:
        pytest.skip(f"{recipe.data.source.options['path']} is built, not committed")
    monkeypatch.chdir(ROOT)
    checked = check(recipe)
    assert checked.steps >= 20
    by_cleaners = {"gives a held-out row away"} if recipe.data.clean else set[str]()
    assert checked.ledger["dropped"].keys() <= by_cleaners
    assert checked.ledger["splits"]["test"]["rows"] >= 20
