"""From rows of words with tags to a model that tags words, and is served."""

import json
from pathlib import Path
from random import Random

import pytest
import torch

from tiny_readers import READERS, TASKS, build_word_tokenizer, reader_of
from tunesmith import recipe as recipes
from tunesmith.core.cards import Decoding, Model
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.recipe import Recipe
from tunesmith.core.service import Trace
from tunesmith.core.tagged import Tagged
from tunesmith.engine.fit import fit
from tunesmith.engine.rows import Reading
from tunesmith.generation.backend.local import Local
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.events import Finished
from tunesmith.lifecycle.loaded import load
from tunesmith.lifecycle.new import draft
from tunesmith.lifecycle.run import walk
from tunesmith.model.load import load as load_model
from tunesmith.objective.tags import Tags
from tunesmith.serving.answer import Service

WORDS = ["the", "a", "is", "it", "my", "your", "where", "order", "lost", "late", "good", "bad"]
TASK = TASKS["tags"]


def write_rows(path: Path, count: int = 100) -> None:
    """Write texts in which a colour begins an entity, and a card or shop behind it ends it."""
    draw = Random(5)
    lines: list[str] = []
    for _ in range(count):
        words, tags = list[str](), list[str]()
        for _ in range(draw.randint(2, 5)):
            if draw.random() < 0.5:
                words += [draw.choice(["red", "green", "blue"]), draw.choice(["card", "shop"])]
                tags += ["B-THING", "I-THING"]
            else:
                words.append(draw.choice(WORDS))
                tags.append("O")
        lines.append(json.dumps({"words": words, "tags": tags}) + "\n")
    path.write_text("".join(lines))


def finish(tmp_path: Path, base: Path, method: str, export: str) -> Finished:
    write_rows(tmp_path / "rows.jsonl")
    accept = ["near_duplicates", "exact_duplicates", "contamination", "label_proof", "triggers"]
    recipe = Recipe.model_validate(
        {
            "name": "tags",
            "goal": "Find coloured things.",
            "base": str(base),
            "data": {
                "source": {"name": "jsonl", "path": str(tmp_path / "rows.jsonl")},
                "audit": {"accept": accept},
                "split": {"validation": 0.1, "test": 0.25},
            },
            "objective": "tags",
            "method": method,
            "export": export,
            "evaluation": {"metrics": ["entity_f1", "word_accuracy", "perplexity"]},
            "success": [{"metric": "entity_f1", "gain_over_base": 0.1}],
            "training": {
                "epochs": 12,
                "tokens_per_step": 256,
                "learning_rate": 0.01,
                "precision": "float32",
                "patience": None,
            },
        }
    )
    *_, last = walk(run_folder.create(recipes.resolve(recipe), tmp_path / "runs"))
    assert isinstance(last, Finished)
    return last


@pytest.mark.parametrize(
    ("base", "method", "export"),
    [("bert_folder", "lora", "adapter"), ("tiny_folder", "full", "merged")],
)
def test_words_are_tagged(
    base: str, method: str, export: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    finished = finish(tmp_path, request.getfixturevalue(base), method, export)
    report = finished.report
    assert "held against saying the tag that is most frequent" in report.notes[0]
    values = {one.metric: (one.base.value, one.tuned.value) for one in report.metrics}
    assert values["entity_f1"][0] == 0.0
    assert values["entity_f1"][1] > 0.8
    assert values["word_accuracy"][1] > values["word_accuracy"][0] + 0.2
    assert report.verdict == "promote"
    loaded = load(Path(finished.package))
    said = Tagged.read(loaded.generate("my green card is late"))
    assert said == Tagged(("my", "green", "card", "is", "late"), ("O", "B-THING", "I-THING", "O", "O"))
    kept: list[Trace] = []
    service = Service(loaded.model, loaded.backend, kept.append)
    (piece,) = service.answer((Message("user", "my green card is late"),), Decoding()).pieces
    assert piece.text == kept[0].answer == said.text()


def test_a_file_of_words_with_tags_gets_a_recipe(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", 3)
    recipe = draft(tmp_path / "rows.jsonl").recipe
    assert recipe.objective.name == "tags"
    assert [metric.name for metric in recipe.evaluation.metrics] == [
        "entity_f1",
        "word_accuracy",
        "perplexity",
    ]


MORE = {"electra": READERS["bert"]}


@pytest.mark.parametrize("architecture", [name for name in READERS if name not in ("t5", "bart")] + [*MORE])
def test_every_base_is_trained_on_what_it_is_asked_in_service(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiny_readers.READERS", READERS | MORE)
    model = build(tmp_path, architecture)
    texts = ("my card. is late", "lost", "the blue order is not good")
    said = Local().generate(model, [model.prompt((Message("user", text),)) for text in texts], Decoding())
    for text, answer in zip(texts, said, strict=True):
        tagged = Tagged.read(answer.text)
        assert tagged is not None
        assert tagged.words == tuple(text.split())
        place = Place("a.jsonl", 1)
        row = Example(place, (Message("user", text), Message("assistant", tagged.text())))
        encoded = Tags().encode(row, model.chat, TASK)
        with fit(model.network, reading=Reading(model.family, TASK)) as forward, torch.no_grad():
            (batch,) = forward.passes(encoded, 1000)
            _, is_first = forward.ranked(batch)
        assert is_first.tolist() == [True] * len(tagged.words)


def build(folder: Path, architecture: str) -> Model:
    family = READERS["bert"][0] if architecture in MORE else READERS[architecture][0]
    reader_of(architecture, pad_token_id=0).save_pretrained(folder)
    is_encoder = family == "encoder"
    specials = ("[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]")
    build_word_tokenizer(folder, specials if is_encoder else ("<pad>", "<s>", "</s>", "<mask>", "<unk>"))
    return load_model(architecture, folder, task=TASK, seed=3)
