"""The whole life cycle of one run: prepare, score the base, train, score again, decide, package, prove."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any

from tunesmith.core.cards import Model
from tunesmith.core.disk import Disk
from tunesmith.core.errors import BadData
from tunesmith.core.report import Report
from tunesmith.core.service import Package
from tunesmith.core.task import Storage
from tunesmith.data import ledger as ledgers
from tunesmith.data.findings import describe
from tunesmith.engine.precision import Precision
from tunesmith.evaluation import report_json
from tunesmith.evaluation.compare import Answers, Suite, compare, gains
from tunesmith.export import package as packages
from tunesmith.export.facts import Facts
from tunesmith.export.verify import verify
from tunesmith.lifecycle.answering import Answering
from tunesmith.lifecycle.answers import Questions
from tunesmith.lifecycle.assemble import Prepared, check_lock, lock, prepare_recipe
from tunesmith.lifecycle.audit import data_page
from tunesmith.lifecycle.events import Event, Finished, Stage, Warned
from tunesmith.lifecycle.heads import NOTES
from tunesmith.lifecycle.hold import hold
from tunesmith.lifecycle.memories import made_with, remember
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
    yield from _held(model, storage)
    _check_vocabulary(prepared, model)
    precision = yield from _lock(folder, before, lock(prepared, model.fingerprint, storage))
    folder.write_json("ledger.json", ledgers.to_json(prepared.dataset.ledger))
    folder.write_text("data_report.html", data_page(prepared))
    answering = Answering(folder, _questions(prepared), is_asked_to_stop)
    base = yield from answering.base(prepared, model)
    model = prepared.parts.method.apply(model, prepared.recipe.seed)
    if any(parameter.requires_grad for parameter in model.network.parameters()):
        yield from train(folder, prepared, model, precision, is_asked_to_stop, disk)
    model = prepared.parts.method.settle(model)
    model, made, notes = yield from _remember(folder, prepared, model, answering)
    tuned = yield from answering.tuned(model)
    if note := NOTES.get(model.task.says):
        notes = (note, *notes)
    report = _report(folder, answering, base, tuned, notes)
    yield Stage("package", "written, then loaded by a fresh process and held against the trained model")
    package = _package(folder, prepared, model, report, made, disk)
    yield from _prove(package)
    page = write_page(folder, prepared, report, model)
    yield Finished(str(folder.path), str(package.folder), str(page), report)


def _held(model: Model, storage: Storage) -> Iterator[Event]:
    if storage == "float32":
        return
    held = sum(parameter.nbytes for parameter in model.network.parameters()) / 2**30
    wide = 4 * model.network.num_parameters() / 2**30
    how = "as in its file" if storage == "stored" else f"in {storage}"
    yield Stage("base", f"{model.name} is held {how}, {held:.3g} GiB instead of {wide:.3g}, to spare memory")


def _prove(package: Package) -> Iterator[Event]:
    proof = verify(package.folder, COMMAND)
    yield Stage("package", f"its logits differ from the trained model's by {proof.difference:.1g} at most")
    yield from (Warned(note) for note in proof.notes)


def _remember(
    folder: RunFolder, prepared: Prepared, model: Model, answering: Answering
) -> Generator[Event, None, tuple[Model, str, tuple[str, ...]]]:
    """Build the memories of the recipe; give the model with them, what made them, and what they add."""
    memories = prepared.parts.memories
    if not memories:
        return model, "", ()
    without = yield from answering.without_memory(model)
    kept = folder.path / "memory"
    if kept.exists():
        Disk().remove(kept)  # an interruption may have left half of it
    recalled, said = remember(model, memories, prepared.dataset, kept)
    assert recalled.recall is not None
    for sentence in (*recalled.recall.describe(), *said):
        yield Stage("memory", sentence)
    found = yield from answering.tuned(recalled)
    recipe = prepared.recipe
    suite = Suite(answering.questions.metrics, (), recipe.evaluation.samples, recipe.seed)
    report = compare(answering.questions.rows, without, found, suite)
    return recalled, made_with(model), tuple(f"What the memory adds: {one}" for one in gains(report))


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


def _report(
    folder: RunFolder, answering: Answering, base: Answers, tuned: Answers, notes: Sequence[str]
) -> Report:
    recipe, questions = folder.recipe, answering.questions
    suite = Suite(questions.metrics, recipe.success, recipe.evaluation.samples, recipe.seed)
    report = compare(questions.rows, base, tuned, suite)
    report = replace(report, notes=(*notes, *report.notes))
    folder.write_text("report.json", report_json.dump(report))
    return report


def _package(
    folder: RunFolder, prepared: Prepared, model: Model, report: Report, made_with: str, disk: Disk
) -> Package:
    locked = folder.read_json("lock.json")
    assert locked is not None
    facts = Facts(
        recipe=prepared.recipe,
        recipe_fingerprint=locked["recipe"],
        versions=locked["versions"],
        created=folder.clock(),
        ledger=prepared.dataset.ledger,
        report=report,
        made_with=made_with,
    )
    return packages.write(model, prepared.parts.method, prepared.parts.exporter, folder.package, facts, disk)
