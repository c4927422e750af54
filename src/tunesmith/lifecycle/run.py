"""The whole life cycle of one run: prepare, score the base, train, score again, decide, package, prove."""

from collections.abc import Callable, Generator, Iterator
from typing import Any

from tunesmith.core.cache import Cache
from tunesmith.core.cards import Model, Package
from tunesmith.core.disk import Disk
from tunesmith.core.errors import BadData, DamagedFile
from tunesmith.core.report import Report
from tunesmith.data import ledger as ledgers
from tunesmith.data.findings import describe
from tunesmith.engine.precision import Precision
from tunesmith.evaluation import report_json
from tunesmith.evaluation.compare import Answers, Suite, compare
from tunesmith.export import package as packages
from tunesmith.export.facts import Facts
from tunesmith.export.verify import verify
from tunesmith.generation.backend.local import Local
from tunesmith.lifecycle import answers
from tunesmith.lifecycle.answers import Questions
from tunesmith.lifecycle.assemble import Prepared, check_lock, lock, prepare_recipe
from tunesmith.lifecycle.audit import data_page
from tunesmith.lifecycle.cache_folder import user_cache
from tunesmith.lifecycle.events import Event, Finished, Stage, Warned
from tunesmith.lifecycle.hold import hold
from tunesmith.lifecycle.page import write_page
from tunesmith.lifecycle.probe import COMMAND
from tunesmith.lifecycle.run_folder import RunFolder
from tunesmith.lifecycle.stop import never
from tunesmith.lifecycle.train import train

FEW_ROWS = 20
"""Below this many validation or test rows, what they say is mostly chance."""


def walk(
    folder: RunFolder, is_asked_to_stop: Callable[[], bool] = never, disk: Disk | None = None
) -> Iterator[Event]:
    """Walk through a run, new or interrupted, and give every event once it is recorded; the last is Finished.

    What an interrupted run had finished is not done again. Raises Stopped, resumable, when asked to stop, and
    BadRecipe where another process works on the same run.
    """
    with hold(folder.path):
        folder.mend()
        for event in _walk(folder, is_asked_to_stop, disk or Disk()):
            folder.record(event)
            yield event


def _walk(folder: RunFolder, is_asked_to_stop: Callable[[], bool], disk: Disk) -> Iterator[Event]:
    prepared = prepare_recipe(folder.recipe, folder.started_in)
    yield Stage("data", prepared.dataset.reads_as)
    for sentence in (*ledgers.describe(prepared.dataset.ledger), prepared.tokenised):
        yield Stage("data", sentence)
    for sentence in describe(prepared.dataset.findings, prepared.recipe.data.audit.accept):
        yield Stage("audit", sentence)
    yield from _few_rows(prepared)
    before = folder.read_json("lock.json")
    storage = prepared.storage() if before is None else before["storage"]
    model = prepared.model(storage)
    if storage == "stored":
        held = sum(parameter.nbytes for parameter in model.network.parameters()) / 2**30
        wide = 4 * model.network.num_parameters() / 2**30
        sentence = f"held as in its file, {held:.3g} GiB instead of {wide:.3g}, to spare memory"
        yield Stage("base", f"{model.name} is {sentence}")
    _check_vocabulary(prepared, model)
    precision = yield from _lock(folder, before, lock(prepared, model.fingerprint, storage))
    folder.write_json("ledger.json", ledgers.to_json(prepared.dataset.ledger))
    folder.write_text("data_report.html", data_page(prepared))
    yield Stage("base", f"{model.name} answers the test rows first")
    questions = _questions(prepared)
    cache = user_cache() if prepared.parts.method.starts_from == "pretrained" else None
    base = yield from _answers(folder, "answers-base.json", questions, model, is_asked_to_stop, cache)
    model = prepared.parts.method.apply(model, prepared.recipe.seed)
    yield from train(folder, prepared, model, precision, is_asked_to_stop, disk)
    yield Stage("tuned", "the tuned model answers the same rows")
    tuned = yield from _answers(folder, "answers-tuned.json", questions, model, is_asked_to_stop)
    report = _report(folder, questions, base, tuned)
    yield Stage("package", "written, then loaded by a fresh process and held against the trained model")
    package = _package(folder, prepared, model, report, disk)
    for note in verify(package.folder, COMMAND).notes:
        yield Warned(note)
    page = write_page(folder, prepared, report, model)
    yield Finished(str(folder.path), str(package.folder), str(page), report)


def _questions(prepared: Prepared) -> Questions:
    dataset = prepared.dataset
    options = prepared.recipe.evaluation
    return Questions.of(dataset.examples["test"], dataset.test, prepared.parts.metrics, options)


def _few_rows(prepared: Prepared) -> Iterator[Event]:
    dataset = prepared.dataset
    split = prepared.recipe.data.split
    if split.validation and not dataset.validation:
        yield Warned("No row fell into the validation split: the last step is kept, best or not.")
    if 0 < len(dataset.examples["test"]) < FEW_ROWS:
        yield Warned(f"Only {len(dataset.examples['test'])} test rows: too few to promote anything.")


def _check_vocabulary(prepared: Prepared, model: Model) -> None:
    rows = len(model.network.get_input_embeddings().weight)  # type: ignore[arg-type]  # it is a matrix
    highest = max(max(row.ids) for row in prepared.dataset.train)
    if highest >= rows:
        raise BadData(
            f"The data holds token {highest}, but {model.name} knows only {rows}. Check its tokenizer."
        )


def _lock(
    folder: RunFolder, before: dict[str, Any] | None, today: dict[str, Any]
) -> Generator[Event, None, Precision]:
    """Write down what the run is made with, or hold it against what was; give the precision it began with."""
    if before is None:
        folder.write_json("lock.json", today)
        return Precision.from_json(today["precision"])
    for difference in check_lock(before, today):
        yield Warned(f"Since this run began, {difference}: results may differ in their last bits.")
    return Precision.from_json(before["precision"])


def _answers(
    folder: RunFolder,
    name: str,
    questions: Questions,
    model: Model,
    is_asked_to_stop: Callable[[], bool],
    cache: Cache | None = None,
) -> Generator[Event, None, Answers]:
    try:
        if (saved := folder.read_json(name)) is not None:
            return answers.from_json(saved)
    except DamagedFile:
        yield Warned(f"{folder.path / name} is damaged: the rows are answered again.")
    if cache is None:
        found = answers.answer(questions, model, Local(), is_asked_to_stop)
    else:
        found, is_known = answers.answer_once(questions, model, Local(), is_asked_to_stop, cache)
        if is_known:
            yield Stage("base", "it answered the same rows in an earlier run: read from the cache")
    folder.write_json(name, answers.to_json(found))
    return found


def _report(folder: RunFolder, questions: Questions, base: Answers, tuned: Answers) -> Report:
    recipe = folder.recipe
    suite = Suite(questions.metrics, recipe.success, recipe.evaluation.samples, recipe.seed)
    report = compare(questions.rows, base, tuned, suite)
    folder.write_text("report.json", report_json.dump(report))
    return report


def _package(folder: RunFolder, prepared: Prepared, model: Model, report: Report, disk: Disk) -> Package:
    locked = folder.read_json("lock.json")
    assert locked is not None
    facts = Facts(
        recipe=prepared.recipe,
        recipe_fingerprint=locked["recipe"],
        versions=locked["versions"],
        created=folder.clock(),
        ledger=prepared.dataset.ledger,
        report=report,
    )
    return packages.write(model, prepared.parts.method, prepared.parts.exporter, folder.package, facts, disk)
