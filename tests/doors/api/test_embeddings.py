"""Vectors over HTTP, asked for with the official client."""

from array import array
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tunesmith.core.task import Task
from tunesmith.doors.api.state import State
from tunesmith.generation.backend.local import Local
from tunesmith.generation.vectors import vectors
from tunesmith.model.load import load
from tunesmith.serving.answer import Service


@pytest.fixture
def embedding(bert_folder: Path, serving) -> Iterator:
    model = load("vectors", bert_folder, task=Task("vector", pools="mean"))
    service = Service(model, Local(), lambda _: None, vectors=vectors)
    with serving(State({"vectors": service}, None)) as running:
        yield running


def test_vectors_come_in_the_order_of_their_texts(embedding) -> None:
    texts = ["where is my card", "late"]
    wanted = vectors(embedding.state.services["vectors"].model, texts)
    for form in ("float", "base64", None):  # the client asks for base64 unless told otherwise
        form_asked = {"encoding_format": form} if form else {}
        found = embedding.client.embeddings.create(model="vectors", input=texts, **form_asked)
        for one, row in zip(found.data, wanted.rows, strict=True):
            given = array("f", b64decode(one.embedding)).tolist() if form == "base64" else one.embedding
            assert given == pytest.approx(list(row), abs=1e-6)
        assert [one.index for one in found.data] == [0, 1]
        assert (found.usage.prompt_tokens, found.usage.total_tokens) == (wanted.tokens, wanted.tokens)
    (alone,) = embedding.client.embeddings.create(model="vectors", input="late").data
    assert alone.embedding == pytest.approx(list(wanted.rows[1]), abs=1e-6)


def test_a_text_that_is_too_long_is_refused_by_name(embedding) -> None:
    with pytest.raises(openai.BadRequestError, match="but the model reads 64") as caught:
        embedding.client.embeddings.create(model="vectors", input="late " * 100)
    assert (caught.value.param, caught.value.code) == ("input", "context_length_exceeded")


@pytest.mark.parametrize("asked", [{"input": []}, {"input": [[1, 2]]}, {"input": "a", "dimensions": 3}])
def test_what_is_not_understood_is_refused(asked, embedding) -> None:
    reply = embedding.http.post("/v1/embeddings", json={"model": "vectors", **asked})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"].startswith(next(reversed(asked)))


def test_a_model_that_answers_gives_no_vectors(server) -> None:
    with pytest.raises(openai.BadRequestError, match="answers, and gives no vectors") as caught:
        server.client.embeddings.create(model="tiny-llama", input="a")
    assert caught.value.param == "model"
