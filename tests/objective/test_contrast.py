from pathlib import Path

import pytest
import torch

from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.task import Task
from tunesmith.model.load import load_chat
from tunesmith.objective.contrast import Contrast

PLACE = Place("a.jsonl", 2)
ASKED, SAID = Message("user", "where is my card"), Message("assistant", "it is lost")
TASK = Contrast().task({})


def test_vectors_are_averages_compared_at_a_temperature() -> None:
    assert Contrast(temperature=0.1).task({"train": []}) == Task("vector", spread=0.1, pools="mean")


@pytest.mark.parametrize("folder", ["bert_folder", "tiny_folder"])
def test_the_texts_of_a_row_are_read_apart_as_they_are_in_service(
    folder: str, request: pytest.FixtureRequest
) -> None:
    chat = load_chat(request.getfixturevalue(folder))
    (found,) = Contrast().encode(Example(PLACE, (ASKED, SAID)), chat, TASK)
    texts = [chat.encode_document(text).ids for text in ("where is my card", "it is lost", "it is late")]
    assert (found.ids, found.source, found.second) == (texts[0], texts[1], 0)
    assert sum(found.weights) == found.weights[0] == 1.0
    worse = (Message("assistant", "it is late"),)
    (found,) = Contrast().encode(Example(PLACE, (ASKED, SAID), rejected=worse), chat, TASK)
    assert (found.ids, found.source, found.second) == (texts[0], texts[1] + texts[2], len(texts[1]))


def test_a_row_without_a_prompt_belongs_to_nothing(bert_folder: Path) -> None:
    with pytest.raises(BadData, match="no text before its answer"):
        Contrast().encode(Example(PLACE, (SAID,)), load_chat(bert_folder), TASK)


def test_the_loss_is_the_sum_of_costs_and_the_weight_that_of_the_rows() -> None:
    loss = Contrast().loss(torch.tensor([-1.0, -2.0]), torch.tensor([1.0, 0.5]))
    assert (float(loss.total), loss.weight) == (2.0, 1.5)
