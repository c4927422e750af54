from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from tiny_readers import TASKS
from tunesmith.core.cards import Decoding, Model
from tunesmith.core.errors import BadBase, PromptTooLong
from tunesmith.core.example import Message
from tunesmith.core.tagged import Tagged, WordIds
from tunesmith.core.task import Task
from tunesmith.generation.backend._reader import is_reader, read
from tunesmith.generation.backend.local import Local
from tunesmith.method.prompt import Prompt
from tunesmith.model.load import load

TEXTS = ("where is my card", "lost", "the blue order is late", "late")


def reader(folder: Path, task: str = "classes") -> Model:
    return load("reader", folder, task=TASKS[task], seed=3)


def prompts(model: Model) -> list[Sequence[int]]:
    return [model.prompt((Message("user", text),)) for text in TEXTS]


@pytest.mark.parametrize("folder", ["bert_folder", "tiny_folder", "t5_folder"])
@pytest.mark.parametrize("task", ["classes", "several", "number", "tags"])
def test_what_is_said_is_what_the_network_scores_of_each_row_alone(
    task: str, folder: str, request: pytest.FixtureRequest
) -> None:
    model = reader(request.getfixturevalue(folder), task)
    said = [one.text for one in read(model, prompts(model), 100)]
    for ids, text in zip(prompts(model), said, strict=True):
        with torch.no_grad():
            scores = model.network(input_ids=torch.tensor([list(ids)])).logits[0]
        if isinstance(ids, WordIds):
            tags = tuple(model.task.text(scores[place].tolist()) for place in ids.firsts)
            wanted = Tagged(ids.words, tags).text()
        else:
            wanted = model.task.text(scores.tolist())
        assert (float(text) == pytest.approx(float(wanted), abs=1e-4)) if task == "number" else text == wanted


def test_words_are_tagged_where_they_stand_behind_a_learned_prompt(bert_folder: Path) -> None:
    model = reader(bert_folder, "tags")
    with torch.random.fork_rng():
        torch.manual_seed(2)
        torch.nn.init.normal_(model.network.classifier.weight)  # type: ignore[arg-type]  # so that tags vary
    model = Prompt(length=3).apply(model, 0)
    asked = model.prompt((Message("user", " ".join(TEXTS)),))
    assert isinstance(asked, WordIds)
    with torch.no_grad():
        scores = model.network(input_ids=torch.tensor([list(asked)])).logits[0]
    tags = tuple(model.task.text(scores[3 + place].tolist()) for place in asked.firsts)
    assert len(scores) == 3 + len(asked)
    assert len(set(tags)) > 1
    assert read(model, [asked], 100)[0].text == Tagged(asked.words, tags).text()


def test_an_order_of_prompts_or_a_size_of_batches_changes_nothing(bert_folder: Path) -> None:
    model = reader(bert_folder)
    forth = read(model, prompts(model), 1)
    back = read(model, prompts(model)[::-1], 10**6)
    assert forth == back[::-1]
    assert [one.finish_reason for one in forth] == ["stop"] * 4
    assert [one.prompt_tokens for one in forth] == [6, 3, 7, 3]


def test_a_second_text_is_read_as_one(bert_folder: Path) -> None:
    model = reader(bert_folder, "number")
    found = model.chat.encode_question((Message("user", TEXTS[0]),), TEXTS[2])
    parts = (torch.arange(len(found)) >= found.second).long()[None]
    with torch.no_grad():
        wanted = model.network(input_ids=torch.tensor([list(found.ids)]), token_type_ids=parts).logits[0]
    assert read(model, [list(found.ids)], 10)[0].text == model.task.text(wanted.tolist())


def test_the_embedded_engine_answers_and_streams_what_is_read(bert_folder: Path) -> None:
    model = reader(bert_folder)
    (wanted, *_) = read(model, prompts(model), 100)
    assert Local().generate(model, prompts(model), Decoding())[0] == wanted
    assert list(Local().stream(model, prompts(model)[0], Decoding())) == [wanted]


def test_what_cannot_be_read_is_refused_at_once(bert_folder: Path) -> None:
    model = reader(bert_folder)
    with pytest.raises(PromptTooLong, match="has 65 tokens, but the model reads 64"):
        Local().stream(model, [5] * 65, Decoding())
    hidden = load("hidden words", bert_folder)
    assert is_reader(hidden)
    with pytest.raises(BadBase, match="finds hidden words and answers nothing"):
        Local().stream(hidden, [5], Decoding())
    vectors = load("vectors", bert_folder, task=Task("vector"))
    with pytest.raises(BadBase, match="Ask it for embeddings"):
        Local().stream(vectors, [5], Decoding())


def test_an_encoder_decoder_writes_what_transformers_writes(t5_folder: Path) -> None:
    model = load("writer", t5_folder)
    assert not is_reader(model)
    ids = list(model.chat.encode_prompt((Message("user", TEXTS[0]),)))
    with torch.no_grad():
        written = model.network.generate(  # type: ignore[operator]  # a mixin that has no types
            torch.tensor([ids]), max_new_tokens=9, do_sample=False, eos_token_id=2, pad_token_id=0
        )[0].tolist()
    together = Local().generate(model, prompts(model), Decoding(max_tokens=9))
    assert together[0].text == model.chat.decode(written)
    assert together[0].tokens > 0
    assert (
        "".join(piece.text for piece in Local().stream(model, ids, Decoding(max_tokens=9)))
        == together[0].text
    )
