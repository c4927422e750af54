import math
from pathlib import Path

import pytest
import torch

from tunesmith.core.cards import Model
from tunesmith.core.errors import BadBase, PromptTooLong
from tunesmith.core.task import Task
from tunesmith.generation.vectors import vectors
from tunesmith.model.load import load

TASK = Task("vector", spread=0.05, pools="mean")
TEXTS = ("where is my card", "lost", "the blue order is late", "late")


@pytest.fixture(params=["bert_folder", "tiny_folder"])
def model(request: pytest.FixtureRequest) -> Model:
    return load("vectors", request.getfixturevalue(request.param), task=TASK)


def test_a_vector_is_the_average_of_all_states_of_length_one(model: Model) -> None:
    found = vectors(model, TEXTS)
    rows = [list(model.chat.encode_document(text).ids) for text in TEXTS]
    assert found.tokens == sum(map(len, rows))
    for row, vector in zip(rows, found.rows, strict=True):
        with torch.no_grad():
            mean = model.network(input_ids=torch.tensor([row])).last_hidden_state[0].mean(0)
        assert list(vector) == pytest.approx((mean / mean.norm()).tolist(), abs=1e-6)
        assert math.hypot(*vector) == pytest.approx(1.0)


def test_no_vector_depends_on_what_is_read_beside_it(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    together = vectors(model, TEXTS).rows
    monkeypatch.setattr("tunesmith.generation.vectors.TOKENS_AT_ONCE", 1)
    backwards = vectors(model, TEXTS[::-1]).rows[::-1]
    for one, other in zip(together, backwards, strict=True):
        assert list(one) == pytest.approx(list(other), abs=1e-6)
    assert vectors(model, ()).rows == ()


def test_what_cannot_be_read_is_refused(bert_folder: Path) -> None:
    model = load("vectors", bert_folder, task=TASK)
    with pytest.raises(PromptTooLong, match="has 72 tokens, but the model reads 64"):
        vectors(model, ["late", "late " * 70])
    with pytest.raises(BadBase, match="was not trained to give vectors"):
        vectors(load("words", bert_folder), ["late"])
