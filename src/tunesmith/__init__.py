"""Tunesmith: from a data file to a private, specialised language model, and proof whether it is better.

    import tunesmith

    finished = tunesmith.run("recipe.yaml", "training.epochs=1")
    print(finished.report.verdict)
    model = tunesmith.load(finished.package)
    print(model.generate("Where is my order?"))

Importing this loads no torch; the verbs do when they are called. Nothing here uses the network unless a
recipe names something remote.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tunesmith.core.errors import TunesmithError
from tunesmith.core.recipe import Recipe
from tunesmith.core.report import Report

if TYPE_CHECKING:
    from tunesmith.lifecycle.check import Checked
    from tunesmith.lifecycle.events import Event, Finished
    from tunesmith.lifecycle.loaded import Loaded

__all__ = ["Recipe", "Report", "TunesmithError", "check", "evaluate", "load", "read", "run", "walk"]


def read(recipe: str | Path, *changes: str) -> Recipe:
    """Read a recipe file strictly, with changes such as `"training.epochs=1"` laid over it."""
    from tunesmith import recipe as recipes

    return recipes.read(Path(recipe), changes)


def check(recipe: Recipe | str | Path, *changes: str) -> Checked:
    """Check a recipe and its data without training; raises TunesmithError where something does not fit."""
    from tunesmith.lifecycle.check import check as look

    return look(_recipe(recipe, changes))


def walk(recipe: Recipe | str | Path, *changes: str, runs: str | Path = "runs") -> Iterator[Event]:
    """Run a recipe and give every event as it happens: steps, validations, and Finished at the end.

    Stop iterating and nothing saved is lost: `tunesmith resume` goes on from the last checkpoint.
    """
    from tunesmith.lifecycle import run_folder
    from tunesmith.lifecycle.run import walk as walk_through

    return walk_through(run_folder.create(_recipe(recipe, changes), Path(runs)))


def run(recipe: Recipe | str | Path, *changes: str, runs: str | Path = "runs") -> Finished:
    """Run the whole life cycle, up to a package and a verdict; in a notebook, with live curves.

    Raises TunesmithError; what was saved stays and can be resumed.
    """
    from tunesmith.doors.notebook import watch

    return watch(walk(recipe, *changes, runs=runs))


def evaluate(package: str | Path, data: str | Path, metrics: tuple[str, ...] = ()) -> Report:
    """Compare a package with its base on the rows of a file, all of which must be new to it.

    Without `metrics` those of the run that made the package are measured.
    """
    from tunesmith.lifecycle.evaluate import evaluate as compare

    return compare(Path(package), Path(data), metrics)


def load(package: str | Path) -> Loaded:
    """Load a package after verifying every file of it; `.generate("...")` answers."""
    from tunesmith.lifecycle.loaded import load as open_package

    return open_package(Path(package))


def _recipe(recipe: Recipe | str | Path, changes: tuple[str, ...]) -> Recipe:
    from tunesmith import recipe as recipes

    if isinstance(recipe, Recipe):
        return recipes.resolve(recipes.read_text(recipes.write(recipe), recipe.name, changes))
    return recipes.resolve(recipes.read(Path(recipe), changes))
