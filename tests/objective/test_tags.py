from pathlib import Path

import pytest
import torch

from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.tagged import Tagged
from tunesmith.core.task import Task
from tunesmith.model.load import load_chat
from tunesmith.objective.tags import Tags


def row(text: str, *tags: str) -> Example:
    said = Tagged(tuple(text.split()), tags).text()
    return Example(Place("a.jsonl", 2), (Message("user", text), Message("assistant", said)))


ROWS = {"train": [row("blue card", "B", "O")], "validation": [row("red", "B")], "test": [row("the", "I")]}


def test_the_tags_are_those_of_all_rows_by_name_or_those_that_are_given() -> None:
    assert Tags().task(ROWS) == Task("tags", ("B", "I", "O"))
    assert Tags(tags=("O", "B", "I")).task(ROWS).labels == ("O", "B", "I")


def test_a_single_tag_says_nothing() -> None:
    with pytest.raises(BadData, match="there must be two; the data has 1"):
        Tags().task({"train": [row("red", "B")]})


def test_the_first_piece_of_every_word_is_worth_one_and_all_others_nothing(bert_folder: Path) -> None:
    chat, task = load_chat(bert_folder), Tags().task(ROWS)
    (found,) = Tags().encode(row("my card. lost", "O", "B", "I"), chat, task)
    assert chat.spell(found.ids) == "[CLS] my card [UNK] lost [SEP]"  # a point is a piece of the word before
    assert list(found.weights) == [0.0, 1.0, 1.0, 0.0, 1.0, 0.0]
    wanted = zip(found.weights, found.targets, strict=True)
    assert [task.labels[int(target)] for weight, target in wanted if weight] == ["O", "B", "I"]


def test_a_row_that_cannot_be_learned_is_refused_with_the_reason(bert_folder: Path) -> None:
    chat, task = load_chat(bert_folder), Tags().task(ROWS)
    with pytest.raises(BadData, match="tag 'X' is none of"):
        Tags().encode(row("red", "X"), chat, task)
    good = row("red card", "B", "O")
    changed = Example(good.place, (Message("user", "rde card"), good.messages[1]))
    with pytest.raises(BadData, match=r"a.jsonl:2: the words .* not those that have tags. Leave out"):
        Tags().encode(changed, chat, task)
    with pytest.raises(BadData, match="not those that have tags"):
        Tags().task({"train": [Example(good.place, (good.messages[0], Message("assistant", "B O")))]})


def test_the_loss_is_the_sum_of_costs_and_the_weight_that_of_the_words() -> None:
    loss = Tags().loss(torch.tensor([-1.0, -2.0]), torch.tensor([1.0, 0.5]))
    assert (float(loss.total), loss.weight) == (2.0, 1.5)
