"""A memory beside a model: built, tuned, measured with and without, packaged, and asked in service."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tunesmith import recipe as recipes
from tunesmith.core.cards import Decoding
from tunesmith.core.example import Message
from tunesmith.core.recipe import Recipe
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.events import Event, Finished, Saved
from tunesmith.lifecycle.loaded import load
from tunesmith.lifecycle.run import walk

pytestmark = pytest.mark.usefixtures("proved_by_forks")

SENTENCES = (
    "The kettle boils water in the morning.",
    "Your order is on its way to the harbour.",
    "The lantern gives light to the old bridge.",
    "A blanket keeps the baker warm at night.",
)


Rows = list[dict[str, str]]


def finish(tmp_path: Path, base: Path, rows: Rows, **parts: Any) -> tuple[list[Event], Finished]:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    accept = ["near_duplicates", "exact_duplicates", "contamination", "triggers", "outliers"]
    recipe = Recipe.model_validate(
        {
            "name": "memory",
            "goal": "Know our sentences.",
            "base": str(base),
            "data": {
                "source": {"name": "jsonl", "path": str(path)},
                "audit": {"accept": accept},
                "split": {"validation": 0.2, "test": 0.25},
            },
            "training": {"tokens_per_step": 512, "precision": "float32"},
            **parts,
        }
    )
    folder = run_folder.create(recipes.resolve(recipe), tmp_path / "runs")
    events = list(walk(folder))
    assert isinstance(events[-1], Finished)
    return events, events[-1]


def texts(count: int = 60) -> Rows:
    draw = Random(3)
    return [{"text": f"{number}: {' '.join(draw.sample(SENTENCES, 2))}"} for number in range(count)]


def test_a_memory_alone_makes_a_base_better_and_says_by_how_much(tiny_folder: Path, tmp_path: Path) -> None:
    events, finished = finish(
        tmp_path,
        tiny_folder,
        texts(),
        method="none",
        objective="text",
        memory=[{"name": "neighbours", "k": 8}],
        evaluation={"metrics": ["perplexity"]},
    )
    assert not any(isinstance(event, Saved) for event in events)  # nothing was trained
    (perplexity,) = finished.report.metrics
    assert perplexity.tuned.value < perplexity.base.value / 2
    assert perplexity.gain.low > 0
    assert finished.report.notes[0].startswith("What the memory adds: perplexity ")
    loaded = load(Path(finished.package))
    assert loaded.model.recall is not None
    ids = loaded.model.chat.encode_document("7: The kettle boils").ids[:-1]
    (said,) = loaded.backend.generate(loaded.model, [ids], Decoding(max_tokens=12))
    assert said.text.strip().startswith("water in")


def test_a_tuned_adapter_and_passages_work_together(tiny_folder: Path, tmp_path: Path) -> None:
    rows = [{"prompt": f"Where is order {n}?", "completion": f"Order {n} is late."} for n in range(40)]
    events, finished = finish(
        tmp_path,
        tiny_folder,
        rows,
        method={"name": "lora", "rank": 2},
        memory=[{"name": "retrieval", "top": 1, "tokens": 60}, {"name": "neighbours", "k": 4}],
        evaluation={"metrics": ["perplexity", "token_f1"], "max_tokens": 4},
        training={"max_steps": 2, "tokens_per_step": 512, "precision": "float32"},
    )
    assert any(isinstance(event, Saved) for event in events)
    notes = [note for note in finished.report.notes if note.startswith("What the memory adds")]
    assert len(notes) == 2
    loaded = load(Path(finished.package))
    prompt = loaded.model.chat.spell(loaded.model.prompt((Message("user", "Where is order 7?"),)))
    assert "Passages that may help" in prompt
    assert loaded.generate("Where is order 7?", Decoding(max_tokens=4)) is not None
