"""Compare methods: train each of them under one budget on the rows of one recipe, and say which is best.

The trials are those of a search, an ordinary run each, so that one that was stopped goes on where it was.
Each has a process of its own, so that its memory can be measured.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

from tunesmith import recipe as recipes
from tunesmith.core.cards import Step
from tunesmith.core.contracts import Method
from tunesmith.core.errors import BadData, BadOption, BadRecipe, DamagedFile
from tunesmith.core.recipe import Recipe
from tunesmith.core.registry import Registry
from tunesmith.core.report import Report
from tunesmith.evaluation import report_json
from tunesmith.evaluation.ranking import Ranking, rank
from tunesmith.evaluation.statistics import Statistics, tabulate
from tunesmith.export import manifest, probe
from tunesmith.lifecycle import answers, apart, cost, run_folder
from tunesmith.lifecycle import search as searches
from tunesmith.lifecycle.answers import Questions
from tunesmith.lifecycle.assemble import lock, prepare_recipe
from tunesmith.lifecycle.cost import Cost
from tunesmith.lifecycle.events import Event, Started
from tunesmith.lifecycle.run_folder import STAMP, Clock, RunFolder, now
from tunesmith.lifecycle.search import Search
from tunesmith.lifecycle.stop import never
from tunesmith.model.network import device
from tunesmith.search.grid import Trial

METHODS = Registry("method", Method)
NOT_TUNING = ("none", "scratch")
"""Methods that train nothing, or do not begin with what the base knows: no others' equals."""

_RATE, _LOGITS = "training.learning_rate", probe.LOGITS.as_posix()


@dataclass(frozen=True)
class Tried:
    """One method: what its run found and took; `reason` says why there is no report.

    `bytes_on_disk` are those of all tensors that have to be kept: the adapter's, or all weights where there
    is none. `cost` is None where the run was not metered.
    """

    method: str
    learning_rate: float
    folder: str | None
    reason: str = ""
    report: Report | None = None
    trained: int = 0
    steps: int = 0
    bytes_on_disk: int = 0
    cost: Cost | None = None


@dataclass(frozen=True)
class Comparison:
    """All methods, the best first, those without a report last; `ranking` is by the recipe's first metric."""

    folder: Path
    methods: tuple[Tried, ...]
    ranking: Ranking | None
    notes: tuple[str, ...]


def begin(recipe: Recipe, names: Sequence[str], root: Path, clock: Clock = now) -> Search:
    """Make a folder `<name>-methods-<time>` with a trial for each method; nothing is trained yet.

    Without names these are all methods that need no options. The recipe's own keeps its options, all others
    have their defaults. Each learns at its usual rate, unless the recipe sets one; how products are computed
    is decided once for all. Raises BadRecipe where a method is named twice, or where nothing is held out.
    """
    resolved = _with_precision(recipes.resolve(recipe))
    split = resolved.data.split
    if not (split.validation and split.test):
        raise BadRecipe(
            "Methods are stopped by validation loss and compared on test rows, but data.split.validation is "
            f"{split.validation:g} and data.split.test is {split.test:g}. Give both a share, such as 0.1."
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadOption(f"Method {twice[0]} is named twice. Keep one.")
    every = [_changes(recipe, name) for name in names or _all_names()]
    trials = [Trial(number, changes) for number, changes in enumerate(every, 1)]
    for trial in trials:
        searches.changed(resolved, trial)  # raises for one that could not be run
    search = Search(
        run_folder.make(f"{recipe.name}-methods-{clock():{STAMP}}", resolved, root, clock), trials
    )
    search.write()
    return search


def walk(search: Search, is_asked_to_stop: Callable[[], bool] = never) -> Iterator[Event | Trial]:
    """Train every method that is not finished, one after the other, and give events as a search does.

    One that does not fit the base, the objective, the rows or the memory is recorded with the reason.
    """
    yield from searches.walk(search, is_asked_to_stop, partial(_run, search))


def conclude(search: Search) -> Comparison:
    """Say what every method found and took, and which ones are best."""
    tried = {trial.number: _tried(search, trial) for trial in search.trials}
    finished = {one.method: one for one in tried.values() if one.report is not None}
    ranking = _ranking(search, list(finished.values())) if finished else None
    order = ranking.order if ranking is not None else tuple(finished)
    others = [one for one in tried.values() if one.report is None]
    methods = (*(finished[name] for name in order), *others)
    return Comparison(search.folder.path, methods, ranking, tuple(_notes(search)))


def _with_precision(recipe: Recipe) -> Recipe:
    """Measure now which number type is faster: measured for each method, it could come out otherwise."""
    from tunesmith.engine.precision import choose

    compute = choose(recipe.training.precision, device()).to_json()["compute"]
    training = recipe.training.model_copy(update={"precision": compute})
    return recipe.model_copy(update={"training": training})


def _all_names() -> list[str]:
    return [name for name in METHODS.names() if name not in NOT_TUNING and not _needs_options(name)]


def _needs_options(name: str) -> bool:
    kind: Any = METHODS.load(name)
    return any(option.default is MISSING and option.default_factory is MISSING for option in fields(kind))


def _changes(recipe: Recipe, name: str) -> tuple[str, ...]:
    """Change a recipe as it was written, so that it trains by another method, at that method's usual rate."""
    options = recipe.method.options if name == recipe.method.name else {}
    method = METHODS.build(name, options)
    wanted = "adapter" if method.leaves_adapter else "merged"
    changes = [f"method={json.dumps({'name': name, **options})}" if options else f"method={name}"]
    if recipe.training.learning_rate is None:
        changes.append(f"{_RATE}={method.usual_rate}")
    if recipe.export.name != wanted:
        changes.append(f"export={wanted}")
    return tuple(changes)


def _run(search: Search, folder: RunFolder, is_asked_to_stop: Callable[[], bool]) -> Iterator[Event]:
    """Run one method apart, once it is known that it sees the rows that all others see."""
    assert search.lock is not None  # it is written before the first of them
    prepared = prepare_recipe(folder.recipe, folder.started_in)
    if lock(prepared, search.lock["base"])["data"] != search.lock["data"]:
        own, room = search.folder.recipe.method.name, prepared.parts.method.room
        raise BadData(
            f"It takes {room} tokens of the context, the recipe's {own} another number, so its rows would be "
            "cut otherwise. Set data.max_tokens so low that all rows are the same."
        )
    return apart.walk(folder, is_asked_to_stop)


def _tried(search: Search, trial: Trial) -> Tried:
    recipe = searches.changed(search.folder.recipe, trial)
    rate = recipe.training.learning_rate
    assert rate is not None  # the recipe is resolved
    if trial.state != "finished" or trial.folder is None:
        return Tried(recipe.method.name, rate, trial.folder, trial.message or trial.state)
    folder = run_folder.open_folder(search.folder.path / trial.folder)
    events = folder.events()
    return Tried(
        method=recipe.method.name,
        learning_rate=rate,
        folder=trial.folder,
        report=report_json.load(_text(folder.path / "report.json")),
        trained=max(
            (event.trainable_parameters for event in events if isinstance(event, Started)), default=0
        ),
        steps=max((event.number for event in events if isinstance(event, Step)), default=0),
        bytes_on_disk=_bytes_on_disk(folder.package),
        cost=cost.read(folder),
    )


def _text(path: Path) -> str:
    if not path.is_file():
        raise DamagedFile(f"{path} is gone, so its method has no figures. Put it back, or compare again.")
    return path.read_text(encoding="utf-8")


def _bytes_on_disk(package: Path) -> int:
    tensors = (name for name in manifest.read(package).files if name.endswith(".safetensors"))
    return sum((package / name).stat().st_size for name in tensors if name != _LOGITS)


def _ranking(search: Search, finished: Sequence[Tried]) -> Ranking | None:
    """Compare all methods on the rows that the first metric measures; None where there are no such rows."""
    prepared = prepare_recipe(search.folder.recipe, search.folder.started_in)
    dataset, recipe = prepared.dataset, prepared.recipe
    questions = Questions.of(
        dataset.examples["test"], dataset.test, prepared.parts.metrics, recipe.evaluation
    )
    name = next(iter(questions.metrics), None)
    if name is None:
        return None
    tables = {one.method: _table(search, one, questions, name) for one in finished}
    if not all(map(len, tables.values())):
        return None
    return rank(name, questions.metrics[name], tables, seed=recipe.seed)


def _table(search: Search, one: Tried, questions: Questions, name: str) -> Statistics:
    """Give a metric's statistics of what a method's model said, of the same rows as in its report."""
    metric, folder = questions.metrics[name], search.folder.path / str(one.folder)
    said = answers.from_json(json.loads(_text(folder / "answers-tuned.json")))
    completions = said.generated if metric.needs == "answer" else said.scored
    pairs = zip(questions.rows, completions, strict=False)  # answers may stop early
    used = [(row, said) for row, said in pairs if metric.needs == "answer" or said.predicted]
    return tabulate(name, metric, [row for row, _ in used], [said for _, said in used])


def _notes(search: Search) -> Iterator[str]:
    recipe = search.folder.recipe
    budget = f"{recipe.training.epochs} epochs"
    if recipe.training.max_steps is not None:
        budget += f", at most {recipe.training.max_steps} steps"
    yield f"The budget of each: {budget}. The best step by validation loss is kept."
    yield f"Products are computed in {recipe.training.precision} by all."
    if not any(change.startswith(_RATE) for trial in search.trials for change in trial.changes):
        yield f"The recipe sets {_RATE}: all learn at {recipe.training.learning_rate:g}, usual or not."
