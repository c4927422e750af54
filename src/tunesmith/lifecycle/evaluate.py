"""Compare a package with its base on rows it has never seen."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tunesmith.core.cards import BadRow, Encoded, Example, Model, Report
from tunesmith.core.contracts import Metric, Source
from tunesmith.core.errors import BadData, BadRecipe
from tunesmith.core.recipe import Evaluation
from tunesmith.core.registry import Registry
from tunesmith.evaluation.compare import Answers, Suite, compare
from tunesmith.export import manifest
from tunesmith.export import read as packages
from tunesmith.generation.backend.local import Local
from tunesmith.lifecycle.answers import Questions, answer
from tunesmith.lifecycle.assemble import key_of
from tunesmith.lifecycle.probe import LOADERS
from tunesmith.lifecycle.run import never

SEED = 7
"""Draws the intervals; another would give slightly other bounds."""


def evaluate(folder: Path, data: Path, names: Sequence[str]) -> Report:
    """Have base and package answer the same rows, and say which is better, with intervals.

    Raises BadData for rows that cannot be read or are too long: an evaluation leaves nothing out. Raises
    BadRecipe for metrics that do not fit the rows, DamagedFile or BadBase where either model is not there.
    """
    metrics = {name: Registry("evaluation.metric", Metric).build(name, {}) for name in names}
    rows = _rows(Registry("data.source", Source).build("file", {"path": str(data)}))
    _check_fit(rows, metrics)
    base = _answers(packages.load_base(manifest.read(folder).base, LOADERS), rows, metrics)
    tuned = _answers(packages.load(folder, LOADERS), rows, metrics)
    options = Evaluation()
    in_order = Questions.of(rows, (), metrics, options).rows
    return compare(in_order, base, tuned, Suite(metrics, (), options.samples, SEED))


def _rows(source: Source) -> list[Example]:
    read = list(source.read())
    if bad := [row for row in read if isinstance(row, BadRow)]:
        listed = "\n".join(str(row) for row in bad[:100])
        raise BadData(f"{len(bad)} of {len(read)} rows cannot be used:\n{listed}\nMend them or remove them.")
    return [row for row in read if isinstance(row, Example)]


def _check_fit(rows: Sequence[Example], metrics: Mapping[str, Metric]) -> None:
    answers = [name for name, metric in metrics.items() if metric.needs == "answer"]
    if answers and any(not row.messages for row in rows):
        raise BadRecipe(
            f"{', '.join(answers)} score answers, but raw text has none. Use --metric perplexity."
        )


def _answers(model: Model, rows: Sequence[Example], metrics: Mapping[str, Metric]) -> Answers:
    sequences = [_encode(model, row) for row in rows]
    questions = Questions.of(rows, sequences, metrics, Evaluation())
    return answer(questions, model, Local(), never)


def _encode(model: Model, row: Example) -> Encoded:
    chat = model.chat
    whole = chat.encode_conversation(row.messages) if row.messages else chat.encode_document(row.text)
    if len(whole) > model.context:
        raise BadData(
            f"{row.place}: {len(whole)} tokens, but {model.name} reads {model.context}. Shorten it."
        )
    return replace(whole, key=key_of(row))
