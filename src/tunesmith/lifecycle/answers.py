"""What a model says about the test rows: its own answers, and how likely it finds the wanted ones."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from tunesmith.core.cache import Cache
from tunesmith.core.cards import Completion, Decoding, Encoded, Model
from tunesmith.core.contracts import Backend, Metric
from tunesmith.core.errors import DamagedFile, Stopped
from tunesmith.core.example import Example
from tunesmith.core.hashing import hash_value
from tunesmith.core.memory import Remembered
from tunesmith.core.recipe import Evaluation
from tunesmith.engine.fit import fit
from tunesmith.engine.rows import Reading
from tunesmith.engine.validation import likelihoods
from tunesmith.evaluation.compare import Answers
from tunesmith.generation.backend.local import Local


@dataclass(frozen=True)
class _Stored:
    format: Literal[1]
    generated: list[Completion]
    scored: list[Completion]


_STORED = TypeAdapter(_Stored)
ROWS_AT_ONCE = 32
"""Answers generated between two looks at whether to stop."""
TOKENS_AT_ONCE = 2048
"""Tokens whose likelihood is computed in one pass."""


@dataclass(frozen=True)
class Questions:
    """Untouched rows, their token sequences, and how they are to be answered.

    The rows stand in an order that depends on each row alone, so that the first of them are a fair sample.
    """

    rows: tuple[Example, ...]
    sequences: tuple[Encoded, ...]
    metrics: Mapping[str, Metric]
    options: Evaluation

    @classmethod
    def of(
        cls,
        rows: Sequence[Example],
        sequences: Sequence[Encoded],
        metrics: Mapping[str, Metric],
        options: Evaluation,
    ) -> Questions:
        """Bring rows into a fair order."""
        return cls(tuple(sorted(rows, key=_by_content)), tuple(sequences), metrics, options)

    @property
    def asked(self) -> tuple[Example, ...]:
        """The rows that are answered in the model's own words; none if no metric needs that."""
        needs_answers = any(metric.needs == "answer" for metric in self.metrics.values())
        return self.rows[: self.options.max_rows] if needs_answers else ()


def answer(
    questions: Questions, model: Model, backend: Backend, is_asked_to_stop: Callable[[], bool]
) -> Answers:
    """Have a model answer the rows, as many as the recipe says, and score all references; greedily.

    Raises Stopped when asked to stop; nothing is kept then.
    """
    model.network.eval()
    generated: list[Completion] = []
    for start in range(0, len(questions.asked), ROWS_AT_ONCE):
        _stop_if(is_asked_to_stop)
        some = questions.asked[start : start + ROWS_AT_ONCE]
        prompts = [model.prompt(row.prompt, row.tools, Remembered(row.name, row.source)) for row in some]
        generated += backend.generate(model, prompts, Decoding(max_tokens=questions.options.max_tokens))
    _stop_if(is_asked_to_stop)
    return Answers(generated, _score(questions, model))


def answer_once(
    questions: Questions, base: Model, backend: Local, is_asked_to_stop: Callable[[], bool], cache: Cache
) -> tuple[Answers, bool]:
    """Have a base answer the rows, or read what it answered before; the second value says whether it was."""
    _stop_if(is_asked_to_stop)
    key = _key(questions, base, backend)
    stored = cache.read("answers", key)
    if stored is not None:
        return from_json(json.loads(stored)), True
    found = answer(questions, base, backend, is_asked_to_stop)
    cache.write("answers", key, json.dumps(to_json(found)).encode())
    return found, False


def to_json(answers: Answers) -> dict[str, Any]:
    """Give plain values for the run folder."""
    return {"format": 1, "generated": _plain(answers.generated), "scored": _plain(answers.scored)}


def from_json(values: Mapping[str, Any]) -> Answers:
    """Take back what `to_json` gave; raises DamagedFile for anything else."""
    try:
        stored = _STORED.validate_python(values)
    except ValidationError as error:
        raise DamagedFile(
            f"The stored answers are not what was written: {error.errors()[0]['msg']}."
        ) from None
    return Answers(stored.generated, stored.scored)


def _key(questions: Questions, base: Model, backend: Local) -> dict[str, Any]:
    """Name all that decides what a base answers; its fingerprint covers tokenizer and template."""
    places = {row.name: place for place, row in enumerate(questions.rows)}  # wherever their file lies
    return {
        "base": base.fingerprint,
        "asked": hash_value([[row.tools, *map(asdict, row.prompt)] for row in questions.asked]),
        "scored": hash_value(
            [[places[s.key], s.ids.tolist(), s.weights.tolist()] for s in questions.sequences]
        ),
        "most": questions.options.max_tokens,
        "backend": asdict(backend),
        "computes": [str(base.network.dtype), base.network.device.type],
        "versions": [version(name) for name in ("torch", "transformers", "tokenizers")],
    }


def _by_content(row: Example) -> tuple[str, int, int]:
    """Order rows by what they say, wherever their file lies; rows that say the same by where they stand."""
    said = [[turn.role, turn.content] for turn in row.messages]
    return hash_value([said, row.text]), row.place.line, row.place.byte or 0


def _score(questions: Questions, model: Model) -> list[Completion]:
    # A long document is scored window by window; a row's cost is that of all its windows.
    nats: dict[str, float] = defaultdict(float)
    predicted: dict[str, int] = defaultdict(int)
    with fit(model.network, reading=Reading(model.family, model.task)) as forward:
        scoring: Any = forward if model.recall is None else model.recall.scoring(forward)
        scored = likelihoods(scoring, questions.sequences, TOKENS_AT_ONCE)
    for sequence, (cost, count) in zip(questions.sequences, scored, strict=True):
        nats[sequence.key] += cost
        predicted[sequence.key] += count
    keys = [row.name for row in questions.rows]
    return [Completion("", nats=nats[key], predicted=predicted[key]) for key in keys]


def _plain(completions: Sequence[Completion]) -> list[dict[str, Any]]:
    return [asdict(one) for one in completions]


def _stop_if(is_asked_to_stop: Callable[[], bool]) -> None:
    if is_asked_to_stop():
        raise Stopped("Stopped while answering the test rows.")
