"""Search: run a recipe with every combination of some options, and keep the best by validation loss.

Every trial is an ordinary run folder below the search's own, with a report on the test split like any run's.
The choice never looks at the test split: only the winner's verdict is read from it, after the choice.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from tunesmith import recipe as recipes
from tunesmith.core.cards import Validation
from tunesmith.core.errors import BadData, BadRecipe, DamagedFile, DiskFull, Stopped, TunesmithError
from tunesmith.core.recipe import Recipe
from tunesmith.core.registry import explain
from tunesmith.core.report import Report
from tunesmith.evaluation import report_json
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.assemble import check_lock, lock, prepare_recipe
from tunesmith.lifecycle.events import Event, Finished, Warned
from tunesmith.lifecycle.run import walk as walk_through
from tunesmith.lifecycle.run_folder import SEARCH, STAMP, Clock, RunFolder, now
from tunesmith.lifecycle.stop import never
from tunesmith.model.load import fingerprint
from tunesmith.search import grid
from tunesmith.search.grid import Trial

Run = Callable[[RunFolder, Callable[[], bool]], Iterator[Event]]
"""Walks through a run and gives its events; the second value says whether to stop."""


@dataclass
class Search:
    """A search and how far it came; search.json in its folder holds the same after every trial.

    `lock` says on what data and base its trials are compared; None until the first of them begins.
    """

    folder: RunFolder
    trials: list[Trial]
    lock: dict[str, Any] | None = None

    def put(self, trial: Trial) -> Trial:
        """Record what became of a trial, and give it."""
        self.trials[trial.number - 1] = trial
        self.write()
        return trial

    def write(self) -> None:
        """Write search.json at once: whole, or as it was before."""
        stored = _Stored(1, self.folder.recipe, tuple(self.trials), self.lock)
        self.folder.write_json(SEARCH, _CARD.dump_python(stored, mode="json"))


@dataclass(frozen=True)
class Outcome:
    """How a search ended: all its trials, the best of them, and what the best one's report says."""

    folder: Path
    trials: tuple[Trial, ...]
    best: Trial | None
    report: Report | None


def begin(recipe: Recipe, axes: Sequence[str], root: Path, clock: Clock = now) -> Search:
    """Make a new search folder `<name>-search-<time>`; nothing is trained yet.

    Raises BadRecipe, or what it covers, if any of the trials could not be run, or if two are the same.
    """
    recipe = recipes.resolve(recipe)
    if recipe.data.split.validation == 0:
        raise BadRecipe(
            "A search chooses by validation loss, but data.split.validation is 0. "
            "Give it a share, such as 0.1."
        )
    trials = [Trial(number, changes) for number, changes in enumerate(grid.trials(grid.parse(axes)), 1)]
    _check_differ(recipe, trials)
    name = f"{recipe.name}-search-{clock():{STAMP}}"
    search = Search(run_folder.make(name, recipe, root, clock), trials)
    search.write()
    return search


def reopen(path: Path, clock: Clock = now) -> Search:
    """Open a search that was stopped or killed; raises BadRecipe if none is there, DamagedFile if torn."""
    file = path / SEARCH
    if not file.is_file():
        raise BadRecipe(
            f"{path} is not a search: it has no {SEARCH}. Begin one with: tunesmith search RECIPE"
        )
    try:
        stored = _CARD.validate_json(file.read_bytes(), strict=True)
    except ValidationError as error:
        raise DamagedFile(f"{explain(error, str(file), [])}. Begin the search again.") from None
    return Search(RunFolder(path, stored.recipe, clock), list(stored.trials), stored.lock)


def walk(
    search: Search, is_asked_to_stop: Callable[[], bool] = never, run: Run = walk_through
) -> Iterator[Event | Trial]:
    """Run every trial that is not finished, and give each when it begins and ends, its events in between.

    An interrupted trial goes on where it was. A trial that fails is recorded with its message, and the search
    goes on; walking through the search again tries it again. `run` walks through the folder of one of them.
    Raises Stopped, resumable, when asked to stop.
    """
    yield from _lock(search)
    for trial in search.trials:
        if trial.state != "finished":
            yield from _walk_trial(search, trial, is_asked_to_stop, run)


def conclude(search: Search) -> Outcome:
    """Choose the best trial by validation loss, then read its report; raises DamagedFile if that is gone."""
    best = grid.best(search.trials)
    return Outcome(
        folder=search.folder.path,
        trials=tuple(search.trials),
        best=best,
        report=None if best is None else _report(search, best),
    )


def changed(recipe: Recipe, trial: Trial) -> Recipe:
    """Give the recipe of a trial, resolved; raises as `recipe.resolve` does."""
    return recipes.resolve(recipes.read_text(recipes.write(recipe), recipe.name, trial.changes))


def _check_differ(recipe: Recipe, trials: Sequence[Trial]) -> None:
    seen: dict[str, Trial] = {}
    for trial in trials:
        key = recipes.fingerprint(changed(recipe, trial))
        if (other := seen.setdefault(key, trial)) is not trial:
            raise BadRecipe(
                f"{' '.join(other.changes)} and {' '.join(trial.changes)} are the same recipe. Keep one."
            )


def _lock(search: Search) -> Iterator[Event]:
    prepared = prepare_recipe(search.folder.recipe, search.folder.started_in)
    if not prepared.dataset.validation:
        raise BadData(
            "A search chooses by validation loss, but no row fell into the validation split. "
            "Give more rows, or a larger data.split.validation."
        )
    today = lock(prepared, fingerprint(prepared.base))
    if search.lock is None:
        search.lock = today
        search.write()
    for difference in check_lock(search.lock, today):
        yield Warned(f"Since this search began, {difference}: results may differ in their last bits.")


def _walk_trial(
    search: Search, trial: Trial, is_asked_to_stop: Callable[[], bool], run: Run
) -> Iterator[Event | Trial]:
    try:
        folder = _folder(search, trial)
        trial = search.put(replace(trial, state="started", folder=folder.path.name, message=None))
        yield trial
        for event in run(folder, is_asked_to_stop):
            if not isinstance(event, Finished):  # it holds a verdict, which is not to be looked at yet
                yield event
    except (Stopped, DiskFull):
        raise  # the next trial would fare no better
    except TunesmithError as error:
        yield search.put(replace(trial, state="failed", message=str(error)))
        return
    yield search.put(replace(trial, state="finished", validation_loss=_best_loss(folder)))


def _folder(search: Search, trial: Trial) -> RunFolder:
    root, clock = search.folder.path, search.folder.clock
    if trial.folder is not None:
        return run_folder.open_folder(root / trial.folder, clock)
    recipe = changed(search.folder.recipe, trial)
    return run_folder.create(recipe, root, clock, search.folder.started_in)


def _best_loss(folder: RunFolder) -> float | None:
    losses = [event.loss for event in folder.events() if isinstance(event, Validation) and event.step]
    return min(losses, default=None)


def _report(search: Search, best: Trial) -> Report:
    assert best.folder is not None  # it has finished
    path = search.folder.path / best.folder / "report.json"
    if not path.is_file():
        raise DamagedFile(f"{path} is gone, so the best trial has no verdict. Put it back, or search again.")
    return report_json.load(path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class _Stored:
    """What search.json holds; `recipe` is resolved."""

    format: Literal[1]
    recipe: Recipe
    trials: tuple[Trial, ...]
    lock: dict[str, Any] | None


_CARD = TypeAdapter(_Stored)
