"""The two recipes of `tiny` resolve, and start where the scripts leave off."""

from pathlib import Path

import pytest

from tunesmith import recipe

FOLDER = Path(__file__).parents[3] / "recipes" / "tiny"


@pytest.mark.parametrize(
    ("name", "method", "objective"), [("pretrain", "scratch", "text"), ("instruct", "full", "sft")]
)
def test_the_recipe_resolves(name: str, method: str, objective: str) -> None:
    found = recipe.resolve(recipe.read(FOLDER / f"{name}.yaml"))
    assert (found.method.name, found.objective.name) == (method, objective)
    assert found.data.source.options["path"] == f"build/tiny/{name}.jsonl"
    assert found.data.too_long == "error"
