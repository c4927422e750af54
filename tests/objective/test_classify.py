from pathlib import Path

import pytest
import torch

from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.task import Task
from tunesmith.model.load import load_chat
from tunesmith.objective.classify import Classify


def row(*labels: str) -> Example:
    turns = (Message("user", "my card"), Message("assistant", ", ".join(labels)))
    return Example(Place("a.csv", 2), turns, labels=labels)


ROWS = {"train": [row("lost"), row("blue"), row("lost")], "validation": [row("late")], "test": []}


def test_the_classes_are_those_of_all_rows_by_name_or_those_that_are_given() -> None:
    assert Classify().task(ROWS) == Task("classes", ("blue", "late", "lost"))
    assert Classify(classes=("lost", "blue")).task(ROWS).labels == ("lost", "blue")
    assert Classify(several=True).task({"train": [row("lost")]}) == Task("classes", ("lost",), several=True)


def test_a_single_class_is_no_classification() -> None:
    with pytest.raises(BadData, match="there must be two; the data has 1"):
        Classify().task({"train": [row("lost")]})


def test_the_target_is_the_number_of_the_class_or_a_mark_for_each(bert_folder: Path) -> None:
    chat, task = load_chat(bert_folder), Classify().task(ROWS)
    (found,) = Classify().encode(row("late"), chat, task)
    assert list(found.targets) == [1.0]
    assert sum(found.weights) == found.weights[0] == 1.0
    several = Classify(several=True)
    (found,) = several.encode(row("lost", "blue"), chat, several.task(ROWS))
    assert list(found.targets) == [1.0, 0.0, 1.0]
    (found,) = several.encode(row(), chat, several.task(ROWS))
    assert list(found.targets) == [0.0, 0.0, 0.0]


def test_a_row_that_cannot_be_classified_is_refused_with_the_reason(bert_folder: Path) -> None:
    chat, task = load_chat(bert_folder), Classify().task(ROWS)
    with pytest.raises(BadData, match="'red' is none of"):
        Classify().encode(row("red"), chat, task)
    with pytest.raises(BadData, match=r"2 classes. Set objective.several"):
        Classify().encode(row("lost", "blue"), chat, task)


def test_the_loss_is_the_sum_of_costs_and_the_weight_that_of_the_rows() -> None:
    loss = Classify().loss(torch.tensor([-1.0, -2.0]), torch.tensor([1.0, 0.5]))
    assert (float(loss.total), loss.weight) == (2.0, 1.5)
