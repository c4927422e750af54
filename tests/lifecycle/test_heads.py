import math
from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tiny_readers import TASKS
from tunesmith.core.cards import Decoding, Encoded
from tunesmith.core.errors import Stopped
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.recipe import Evaluation
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.evaluation.metric.exact_match import ExactMatch
from tunesmith.generation.backend.local import Local
from tunesmith.lifecycle.answers import Questions
from tunesmith.lifecycle.heads import NOTES, guess, has_head, read
from tunesmith.lifecycle.stop import never
from tunesmith.model.load import load
from tunesmith.objective.classify import Classify

LABELS = TASKS["classes"].labels


def sequence(targets: Sequence[float], key: str = "", weights: Sequence[float] = (1.0,)) -> Encoded:
    return Encoded(array("i", [1] * len(weights)), array("f", weights), key, targets=array("d", targets))


def row(text: str, label: str, line: int) -> Example:
    turns = (Message("user", text), Message("assistant", label))
    return Example(Place("a.csv", line), turns, labels=(label,))


def questions(rows: Sequence[Example], sequences: Sequence[Encoded]) -> Questions:
    return Questions.of(rows, sequences, {"exact_match": ExactMatch()}, Evaluation())


def test_only_a_network_with_a_new_head_is_held_against_a_guess() -> None:
    assert not has_head(LANGUAGE)
    assert not has_head(Task("vector"))
    assert all(has_head(task) for task in TASKS.values() if task != LANGUAGE)
    assert set(NOTES) == {"classes", "number", "tags"}


def test_a_guess_is_the_most_frequent_class_at_its_share_with_one_more_of_each() -> None:
    training = [sequence([number]) for number in (0, 2, 2, 2)]
    rows = [row("a", "green", 1), row("b", "blue", 2)]
    asked = questions(rows, [sequence([1.0], rows[0].name), sequence([2.0], rows[1].name)])
    found = guess(asked, TASKS["classes"], training)
    costs = {one.name: answer for one, answer in zip(asked.rows, found.generated, strict=True)}
    assert {answer.text for answer in costs.values()} == {"blue"}
    assert costs[rows[0].name].nats == pytest.approx(-math.log(1 / 7))
    assert costs[rows[1].name].nats == pytest.approx(-math.log(4 / 7))
    assert all(answer.predicted == 1 for answer in costs.values())


def test_of_several_classes_each_is_guessed_by_its_own_share() -> None:
    training = [sequence([1, 0, 1]), sequence([1, 0, 0])]
    one = row("a", "red", 1)
    (found,) = guess(questions([one], [sequence([1, 0, 1], one.name)]), TASKS["several"], training).generated
    assert found.text == "red"
    assert found.nats == pytest.approx(-math.log(3 / 4) - math.log(3 / 4) - math.log(2 / 4))


def test_a_number_is_guessed_as_the_mean() -> None:
    one = row("a", "5", 1)
    (found,) = guess(questions([one], [sequence([2.0], one.name)]), TASKS["number"], []).generated
    assert (found.text, found.nats) == ("4", 2.0)


def test_every_word_is_guessed_to_have_the_most_frequent_tag() -> None:
    training = [sequence([0, 0, 1], weights=(0.0, 1.0, 1.0)), sequence([0, 0, 0], weights=(1.0, 1.0, 0.0))]
    one = row("my card late", "", 1)  # its last word was cut off
    asked = questions([one], [sequence([9, 1, 0], one.name, weights=(0.0, 1.0, 1.0))])
    (found,) = guess(asked, TASKS["tags"], training).generated
    assert found.text == '{"words": ["my", "card"], "tags": ["O", "O"]}'
    assert found.nats == pytest.approx(-math.log(2 / 7) - math.log(4 / 7))


def test_what_a_model_reads_is_what_it_would_answer(bert_folder: Path) -> None:
    model = load("bert", bert_folder, task=TASKS["classes"], seed=3)
    rows = [row(text, LABELS[line % 3], line) for line, text in enumerate(("my card", "late", "lost order"))]
    encoded = [replace(Classify().encode(one, model.chat, model.task)[0], key=one.name) for one in rows]
    asked = questions(rows, encoded)
    found = read(asked, model, never)
    prompts = [model.chat.encode_prompt(one.prompt) for one in asked.rows]
    said = Local().generate(model, prompts, Decoding())
    assert [one.text for one in found.generated] == [one.text for one in said]
    assert all(one.nats > 0 for one in found.scored)
    with pytest.raises(Stopped):
        read(asked, model, lambda: True)
