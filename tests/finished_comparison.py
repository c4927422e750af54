"""One finished comparison of methods for every test that needs one: each method has a process of its own."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tunesmith.lifecycle.search import Search

METHODS = ("lora", "full", "features")
"""The recipe's own, one that leaves no adapter, and one that does not fit the objective."""


@pytest.fixture(scope="session")
def finished_comparison(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> "Search":
    """Give a comparison that was stopped in its second method and then taken up again; do not write to it."""
    from small_runs import write_recipe
    from tunesmith import recipe as recipes
    from tunesmith.core.errors import Stopped
    from tunesmith.lifecycle import compare_methods, search

    root = tmp_path_factory.mktemp("comparison")
    page = write_recipe(root, tiny_folder, count=120)
    recipe = recipes.read(page, ("training.learning_rate=null", "training.max_steps=3"))
    made = compare_methods.begin(recipe, METHODS, root / "runs")
    with pytest.raises(Stopped):
        list(compare_methods.walk(made, lambda: made.trials[1].state == "started"))
    assert [trial.state for trial in made.trials] == ["finished", "started", "waiting"]
    again = search.reopen(made.folder.path)
    list(compare_methods.walk(again))
    return search.reopen(made.folder.path)
