from pathlib import Path

import pytest
import torch

from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.task import Task
from tunesmith.model.load import load_chat
from tunesmith.objective.regress import Regress


def row(value: float | None) -> Example:
    return Example(Place("a.csv", 2), (Message("user", "my card"), Message("assistant", "4")), value=value)


ROWS = {"train": [row(1), row(3), row(8)], "validation": [row(100)], "test": [row(-5)]}
TASK = Regress().task(ROWS)


def test_units_are_those_of_the_training_rows_alone() -> None:
    assert TASK.says == "number"
    assert (TASK.mean, TASK.spread) == pytest.approx((4.0, (26 / 3) ** 0.5))


def test_the_target_is_in_these_units_and_is_told_in_the_user_s(bert_folder: Path) -> None:
    (found,) = Regress().encode(row(8), load_chat(bert_folder), TASK)
    assert found.targets[0] == pytest.approx(4 / (26 / 3) ** 0.5)
    assert TASK.text([found.targets[0]]) == "8"


def test_numbers_that_are_all_the_same_or_missing_are_refused(bert_folder: Path) -> None:
    with pytest.raises(BadData, match="nothing to learn"):
        Regress().task({"train": [row(2), row(2)]})
    with pytest.raises(BadData, match=r"not a number\. Say that it is one"):
        Regress().encode(row(None), load_chat(bert_folder), Task("number"))


def test_the_loss_is_the_sum_of_costs() -> None:
    loss = Regress().loss(torch.tensor([-1.0, -2.0]), torch.tensor([1.0, 0.5]))
    assert (float(loss.total), loss.weight) == (2.0, 1.5)
