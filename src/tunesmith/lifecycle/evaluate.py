"""Compare a package with its base on rows it has never seen, in the way in which its run was evaluated."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from tunesmith import recipe as recipes
from tunesmith.core.cards import Encoded, Model
from tunesmith.core.contracts import Metric, Objective, Source
from tunesmith.core.errors import BadData, DamagedFile
from tunesmith.core.example import BadRow, Example, Kind
from tunesmith.core.recipe import Evaluation, Selection
from tunesmith.core.registry import Registry, explain
from tunesmith.core.report import Report
from tunesmith.evaluation.compare import Answers, Suite, compare
from tunesmith.export import manifest
from tunesmith.export import read as packages
from tunesmith.export.manifest import Manifest
from tunesmith.lifecycle import heads
from tunesmith.lifecycle.answering import ask
from tunesmith.lifecycle.answers import Questions
from tunesmith.lifecycle.encoder import Encoder
from tunesmith.lifecycle.probe import LOADERS
from tunesmith.lifecycle.stop import never
from tunesmith.objective.sft import SFT
from tunesmith.objective.text import Text

SEED = 7
"""Draws the intervals; another would give slightly other bounds."""


def evaluate(
    folder: Path,
    data: Path,
    names: Sequence[str] = (),
    max_rows: int | None = None,
    max_tokens: int | None = None,
    against: Path | None = None,
) -> Report:
    """Have base and package answer the same rows, and say which is better, with intervals.

    `against` is another package, which then stands in the place of the base. What is not given is as it was
    in the run that made the package: metrics with their options, how many rows are answered at what length,
    and how a row becomes token sequences. A note says where that is not known.
    Raises BadData for rows that cannot be read or are too long: an evaluation leaves nothing out.
    Raises BadRecipe for metrics that do not fit the rows, DamagedFile or BadBase where either model is not
    there.
    """
    described = manifest.read(folder)
    made = _read_made(described.made, folder / manifest.FILE)
    options = _options(made.evaluation or Evaluation(), names, max_rows, max_tokens)
    source = Registry("data.source", Source).build("file", {"path": str(data)})
    rows, kind = _rows(source), source.gives()
    questions = Questions.of(rows, (), _metrics(options, kind), options)
    objective = _objective(made, kind)
    if objective is None and described.task.says != "language":
        raise BadData(f"{data} gives {kind}, of which the package's objective makes nothing to say.")
    tuned = _answers(packages.load(folder, LOADERS), questions, objective)
    base = _base(described, against, questions, objective)
    report = compare(questions.rows, base, tuned, Suite(questions.metrics, (), options.samples, SEED))
    notes = [*_stands_in(described, against), *_notes(made, options, objective, kind)]
    return replace(report, notes=(*notes, *report.notes))


def _base(
    described: Manifest, against: Path | None, questions: Questions, objective: Objective | None
) -> Answers:
    """Have what a package is compared with answer; a base without a head says what is most frequent."""
    task = described.task.task
    if against is not None:
        other = manifest.read(against).task
        if (other.says, other.labels, other.several) != (task.says, task.labels, task.several):
            raise BadData(f"{against} says something else than the package: other classes, or another kind.")
        return _answers(packages.load(against, LOADERS), questions, objective)
    base = packages.load_base(described.base, LOADERS, task)
    if not heads.has_head(task):
        return _answers(base, questions, objective)
    rows = _sequences(base, questions, objective)
    return heads.guess(replace(questions, sequences=rows), task, rows)


class _Made(BaseModel):
    """What package.json says of how the run was evaluated; None where it does not say."""

    objective: Selection | None = None
    evaluation: Evaluation | None = None


def _read_made(made: Mapping[str, Any], file: Path) -> _Made:
    try:
        return _Made.model_validate(dict(made))
    except ValidationError as error:
        raise DamagedFile(f"{explain(error, f'{file}: made', [])}. Export the package again.") from None


def _options(
    run: Evaluation, names: Sequence[str], max_rows: int | None, max_tokens: int | None
) -> Evaluation:
    known = {metric.name: metric for metric in run.metrics}
    asked = {
        "metrics": tuple(known.get(name, Selection(name=name)) for name in names) or None,
        "max_rows": max_rows,
        "max_tokens": max_tokens,
    }
    return run.model_copy(update={key: value for key, value in asked.items() if value is not None})


def _rows(source: Source) -> list[Example]:
    read = list(source.read())
    if bad := [row for row in read if isinstance(row, BadRow)]:
        listed = "\n".join(str(row) for row in bad[:100])
        raise BadData(f"{len(bad)} of {len(read)} rows cannot be used:\n{listed}\nMend them or remove them.")
    return [row for row in read if isinstance(row, Example)]


def _metrics(options: Evaluation, kind: Kind) -> dict[str, Metric]:
    room = Registry("evaluation.metric", Metric)
    metrics = {chosen.name: room.build(chosen.name, chosen.options) for chosen in options.metrics}
    recipes.check_metrics(metrics, {kind})
    return metrics


def _objective(made: _Made, kind: Kind) -> Objective | None:
    """Give the objective of the run; None where it is not known or does not take such rows."""
    if made.objective is None:
        return None
    found = Registry("objective", Objective).build(made.objective.name, made.objective.options)
    return found if kind in found.takes else None


def _answers(model: Model, questions: Questions, objective: Objective | None) -> Answers:
    return ask(model, replace(questions, sequences=_sequences(model, questions, objective)), never)


def _sequences(model: Model, questions: Questions, objective: Objective | None) -> tuple[Encoded, ...]:
    return tuple(piece for row in questions.rows for piece in _encode(model, row, objective))


def _encode(model: Model, row: Example, objective: Objective | None) -> list[Encoded]:
    usual = SFT() if row.messages else Text(window=model.context)  # whole, where it fits
    (pieces,) = Encoder(objective or usual, model.chat, task=model.task).encode([row])
    longest = max(len(piece) for piece in pieces)
    if longest > model.context:
        raise BadData(f"{row.place}: {longest} tokens, but {model.name} reads {model.context}. Shorten it.")
    return pieces


_USUAL = "The base has no such head. It is held against saying what is most frequent in these rows."
_BLIND = {"number": "The base tells no numbers. It is held against the mean of the rows of the run."}


def _stands_in(described: Manifest, against: Path | None) -> list[str]:
    if against is not None:
        return [f"In the place of the base stands {against}."]
    if heads.has_head(described.task.task):
        return [_BLIND.get(described.task.says, _USUAL)]
    return []


def _notes(made: _Made, options: Evaluation, objective: Objective | None, kind: Kind) -> list[str]:
    notes: list[str] = []
    if made.evaluation is None:
        limits = f"{options.max_rows} rows, {options.max_tokens} tokens"
        notes.append(
            f"The package does not say how its run was evaluated; answers have the usual limits: {limits}."
        )
    if objective is None:
        unknown = "The package does not say what its objective was"
        if made.objective is not None:
            unknown = f"Objective {made.objective.name} of the package takes no {kind}"
        usual = "text: whole where the model can read it" if kind == "text" else "sft"
        notes.append(f"{unknown}; rows are scored as by objective {usual}.")
    return notes
