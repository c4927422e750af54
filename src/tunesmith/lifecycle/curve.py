"""How much data is enough: train on nested shares of the training rows, and look at what each share brought.

The trials are those of a search, an ordinary run each, so that one that was stopped goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunesmith import recipe as recipes
from tunesmith.core.errors import BadRecipe, DamagedFile
from tunesmith.core.recipe import Recipe
from tunesmith.data.journal import MADE_BY
from tunesmith.evaluation.compare import Answers
from tunesmith.evaluation.learning_curve import Compared, LearningCurve, compared, learning_curve
from tunesmith.evaluation.statistics import Statistics, tabulate
from tunesmith.lifecycle import answers, run_folder
from tunesmith.lifecycle.answers import Questions
from tunesmith.lifecycle.assemble import prepare_recipe
from tunesmith.lifecycle.run_folder import STAMP, Clock, now, open_folder
from tunesmith.lifecycle.search import Search
from tunesmith.search.grid import Trial

SHARES = (0.0625, 0.125, 0.25, 0.5, 1.0)

COMPARABLE = ("data.augment", "method", "objective", "training", "seed")
"""What may be changed and compared: other changes are of the rows that a curve is measured on."""


@dataclass(frozen=True)
class Curves:
    """For every metric the learning curve and, if there is one, what a change to the recipe does to it."""

    learning: tuple[LearningCurve, ...]
    compared: tuple[Compared, ...]


def begin(
    recipe: Recipe, shares: Sequence[float], root: Path, change: str = "", clock: Clock = now
) -> Search:
    """Make a search folder `<name>-curve-<time>` with a trial for each share; nothing is trained yet.

    With a change such as `data.augment=[]`, each share gets a second trial that has it. Raises BadRecipe
    where a share is no share, where there is no test split to measure on, or for a change that cannot be
    compared.
    """
    recipe = recipes.resolve(recipe)
    if not recipe.data.split.test:
        raise BadRecipe("A learning curve is measured on the test split, but data.split.test is 0.")
    if any(not 0 < share <= 1 for share in shares) or len(set(shares)) < len(shares):
        raise BadRecipe(f"Shares are above 0, at most 1, and all different; these are {list(shares)}.")
    if change and not change.startswith(tuple(f"{name}{after}" for name in COMPARABLE for after in ".=")):
        raise BadRecipe(f"{change!r} cannot be compared on the same rows. What can: {', '.join(COMPARABLE)}.")
    samples = [_sample(recipe, share) for share in sorted(shares)]
    every = [(one,) for one in samples] + [(one, change) for one in samples if change]
    trials = [Trial(number, changes) for number, changes in enumerate(every, 1)]
    name = f"{recipe.name}-curve-{clock():{STAMP}}"
    search = Search(run_folder.make(name, recipe, root, clock), trials)
    search.write()
    return search


def conclude(search: Search) -> Curves:
    """Give the curve of every metric from the trials that are finished."""
    recipe = search.folder.recipe
    prepared = prepare_recipe(recipe, search.folder.started_in)
    dataset = prepared.dataset
    questions = Questions.of(
        dataset.examples["test"], dataset.test, prepared.parts.metrics, recipe.evaluation
    )
    (change,) = {trial.changes[1] for trial in search.trials if len(trial.changes) > 1} or {""}
    own, other = dict(_answers(search, changed=False)), dict(_answers(search, changed=True))
    learning: list[LearningCurve] = []
    differences: list[Compared] = []
    for name in questions.metrics:
        tables = _tables(questions, name, own)
        learning.append(learning_curve(name, questions.metrics[name], tables, seed=recipe.seed))
        if change:
            changed = _tables(questions, name, other)
            differences.append(
                compared(name, questions.metrics[name], (tables, changed), change, seed=recipe.seed)
            )
    return Curves(tuple(learning), tuple(differences))


def _tables(questions: Questions, name: str, said: Mapping[int, Answers]) -> dict[int, Statistics]:
    """Give a metric's statistics by training rows."""
    metric = questions.metrics[name]
    completions = {
        rows: one.generated if metric.needs == "answer" else one.scored for rows, one in said.items()
    }
    return {
        rows: tabulate(name, metric, questions.rows[: len(some)], some) for rows, some in completions.items()
    }


def _answers(search: Search, *, changed: bool) -> Iterator[tuple[int, Answers]]:
    """Give what each finished trial's model said, and on how many rows it was trained that nobody made."""
    for trial in search.trials:
        if trial.state != "finished" or trial.folder is None or changed != (len(trial.changes) > 1):
            continue
        folder = open_folder(search.folder.path / trial.folder)
        ledger, said = folder.read_json("ledger.json"), folder.read_json("answers-tuned.json")
        if ledger is None or said is None:
            raise DamagedFile(
                f"{folder.path} is finished, but its ledger or answers are gone. Put them back."
            )
        unused = [count["rows"] for reason, count in ledger["dropped"].items() if reason.startswith(MADE_BY)]
        rows = ledger["splits"]["train"]["rows"] - (sum(ledger["made"].values()) - sum(unused))
        yield rows, answers.from_json(said)


def _sample(recipe: Recipe, share: float) -> str:
    cleaners = [cleaner.model_dump(mode="json") for cleaner in recipe.data.clean]
    own = [] if share == 1 else [{"name": "sample", "share": share}]
    return f"data.clean={json.dumps([*cleaners, *own])}"
