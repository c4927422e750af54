"""How much data is enough: train on nested shares of the training rows, and look at what each share brought.

The trials are those of a search, an ordinary run each, so that one that was stopped goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tunesmith import recipe as recipes
from tunesmith.core.errors import BadRecipe, DamagedFile
from tunesmith.core.recipe import Recipe
from tunesmith.evaluation.compare import Answers
from tunesmith.evaluation.learning_curve import LearningCurve, learning_curve
from tunesmith.evaluation.statistics import tabulate
from tunesmith.lifecycle import answers, run_folder
from tunesmith.lifecycle.answers import Questions
from tunesmith.lifecycle.assemble import prepare_recipe
from tunesmith.lifecycle.run_folder import STAMP, Clock, now, open_folder
from tunesmith.lifecycle.search import Search
from tunesmith.search.grid import Trial

SHARES = (0.0625, 0.125, 0.25, 0.5, 1.0)


def begin(recipe: Recipe, shares: Sequence[float], root: Path, clock: Clock = now) -> Search:
    """Make a search folder `<name>-curve-<time>` with a trial for each share; nothing is trained yet.

    Raises BadRecipe where a share is no share, or where there is no test split to measure on.
    """
    recipe = recipes.resolve(recipe)
    if not recipe.data.split.test:
        raise BadRecipe("A learning curve is measured on the test split, but data.split.test is 0.")
    if any(not 0 < share <= 1 for share in shares) or len(set(shares)) < len(shares):
        raise BadRecipe(f"Shares are above 0, at most 1, and all different; these are {list(shares)}.")
    trials = [Trial(number, _changes(recipe, share)) for number, share in enumerate(sorted(shares), 1)]
    name = f"{recipe.name}-curve-{clock():{STAMP}}"
    search = Search(run_folder.make(name, recipe, root, clock), trials)
    search.write()
    return search


def conclude(search: Search) -> list[LearningCurve]:
    """Give the curve of every metric from the trials that are finished."""
    recipe = search.folder.recipe
    prepared = prepare_recipe(recipe, search.folder.started_in)
    dataset = prepared.dataset
    questions = Questions.of(
        dataset.examples["test"], dataset.test, prepared.parts.metrics, recipe.evaluation
    )
    said = dict(_answers(search))
    curves: list[LearningCurve] = []
    for name, metric in questions.metrics.items():
        by_answer = metric.needs == "answer"
        completions = {rows: one.generated if by_answer else one.scored for rows, one in said.items()}
        tables = {
            rows: tabulate(name, metric, questions.rows[: len(some)], some)
            for rows, some in completions.items()
        }
        curves.append(learning_curve(name, metric, tables, seed=recipe.seed))
    return curves


def _answers(search: Search) -> Iterator[tuple[int, Answers]]:
    """Give what each finished trial's model said, and how many rows it was trained on."""
    for trial in search.trials:
        if trial.state != "finished" or trial.folder is None:
            continue
        folder = open_folder(search.folder.path / trial.folder)
        ledger, said = folder.read_json("ledger.json"), folder.read_json("answers-tuned.json")
        if ledger is None or said is None:
            raise DamagedFile(
                f"{folder.path} is finished, but its ledger or answers are gone. Put them back."
            )
        yield ledger["splits"]["train"]["rows"], answers.from_json(said)


def _changes(recipe: Recipe, share: float) -> tuple[str, ...]:
    if share == 1:
        return ()
    cleaners = [cleaner.model_dump(mode="json") for cleaner in recipe.data.clean]
    return (f"data.clean={json.dumps([*cleaners, {'name': 'sample', 'share': share}])}",)
