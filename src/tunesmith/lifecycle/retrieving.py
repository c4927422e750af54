"""How well a model's vectors find the text that belongs to each test row, among those of all test rows."""

from __future__ import annotations

from collections.abc import Callable

from tunesmith.core.cards import Completion, Model
from tunesmith.engine.fit import fit
from tunesmith.engine.rows import Reading
from tunesmith.engine.validation import ranked
from tunesmith.evaluation.compare import Answers
from tunesmith.lifecycle.answers import Questions

TOKENS_AT_ONCE = 8192


def find(questions: Questions, model: Model, is_asked_to_stop: Callable[[], bool]) -> Answers:
    """Answer every row with the place of its text, such as `3 of 120`; texts as near as it come before it.

    Raises Stopped when asked to stop.
    """
    with fit(model.network, reading=Reading(model.family, model.task)) as forward:
        found = ranked(forward, questions.sequences, TOKENS_AT_ONCE, is_asked_to_stop)
    choices = len(found) + sum(bool(sequence.second) for sequence in questions.sequences)
    by_key = {
        sequence.key: Completion(f"{one.rank} of {choices}", finish_reason="stop", nats=one.nats, predicted=1)
        for sequence, one in zip(questions.sequences, found, strict=True)
    }
    every = [by_key[row.name] for row in questions.rows]
    return Answers(every, every)
