"""What a network with a head of its own says of the test rows, and what could be said without reading them.

A base has no such head, so it is held against the best that can be said blindly.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tunesmith.core.cards import Completion, Encoded, Model
from tunesmith.core.example import Example
from tunesmith.core.tagged import Tagged, words_of
from tunesmith.core.task import Task
from tunesmith.engine.fit import fit
from tunesmith.engine.rows import Reading
from tunesmith.engine.validation import Said, said
from tunesmith.evaluation.compare import Answers
from tunesmith.lifecycle.answers import Questions

TOKENS_AT_ONCE = 8192
NOTES = {
    "classes": "The base cannot tell classes. It is held against saying what is most frequent in training.",
    "number": "The base tells no numbers. It is held against saying the mean of the training rows.",
    "tags": "The base cannot tag words. It is held against saying the tag that is most frequent in training.",
}
"""What the report says of its base."""


def has_head(task: Task) -> bool:
    """Does the network say something other than language, with a head that its base does not have?"""
    return task.says in NOTES


def read(questions: Questions, model: Model, is_asked_to_stop: Callable[[], bool]) -> Answers:
    """Have a model with a head read the test rows; raises Stopped when asked to stop."""
    with fit(model.network, reading=Reading(model.family, model.task)) as forward:
        found = said(forward, questions.sequences, TOKENS_AT_ONCE, is_asked_to_stop)
    return _answers(questions, model.task, found)


def guess(questions: Questions, task: Task, training: Iterable[Encoded]) -> Answers:
    """Say of every test row what is likeliest without reading it, as often as in the training rows."""
    blind = Blind.of(task, training)
    return _answers(questions, task, [blind.say(sequence) for sequence in questions.sequences])


@dataclass(frozen=True)
class Blind:
    """What is wanted how often in the training rows, as scores of a network that learns nothing else."""

    task: Task
    scores: tuple[float, ...]

    @classmethod
    def of(cls, task: Task, training: Iterable[Encoded]) -> Blind:
        """Count what is wanted; nothing is taken for impossible (Laplace's rule of succession)."""
        if task.says == "number":
            return cls(task, (0.0,))
        wanted, rows = Counter[int](), 0
        for sequence in training:
            rows += 1
            wanted.update(_wanted(task, sequence))
        if task.several:
            shares = [(wanted[number] + 1) / (rows + 2) for number in range(len(task.labels))]
            return cls(task, tuple(math.log(share / (1 - share)) for share in shares))
        total = wanted.total() + len(task.labels)
        return cls(task, tuple(math.log((wanted[number] + 1) / total) for number in range(len(task.labels))))

    def say(self, sequence: Encoded) -> Said:
        """Give the same scores wherever something is wanted, and what this costs in nats."""
        return Said([self.scores for _ in _places(self.task, sequence)], self._cost(sequence))

    def _cost(self, sequence: Encoded) -> float:
        if self.task.says == "number":
            return sequence.targets[0] ** 2 / 2
        if self.task.several:
            signs = (2 * target - 1 for target in sequence.targets)
            return sum(math.log1p(math.exp(-sign * s)) for sign, s in zip(signs, self.scores, strict=True))
        return -sum(self.scores[number] for number in _wanted(self.task, sequence))


def _answers(questions: Questions, task: Task, found: Sequence[Said]) -> Answers:
    by_key = {sequence.key: one for sequence, one in zip(questions.sequences, found, strict=True)}
    every = [_completion(task, row, by_key[row.name]) for row in questions.rows]
    return Answers(every, every)


def _completion(task: Task, row: Example, found: Said) -> Completion:
    said = [task.text(scores) for scores in found.scores]
    text = " ".join(said)
    if task.says == "tags":  # where a row was cut off, only the words that were read have tags
        words = words_of("\n".join(turn.content for turn in row.prompt))
        text = Tagged(words[: len(said)], tuple(said)).text()
    return Completion(text, finish_reason="stop", nats=found.nats, predicted=len(said))


def _places(task: Task, sequence: Encoded) -> Sequence[int]:
    if task.says != "tags":
        return [0]
    return [place for place, weight in enumerate(sequence.weights) if weight]


def _wanted(task: Task, sequence: Encoded) -> Sequence[int]:
    """Give the numbers of the classes or tags that are wanted of a row."""
    if task.several:
        return [number for number, target in enumerate(sequence.targets) if target]
    targets: array[float] = sequence.targets
    return [int(targets[place]) for place in _places(task, sequence)]
