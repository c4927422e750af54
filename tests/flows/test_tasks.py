"""Whatever a base reads and an objective says: one recipe trains and packages it and has it answer."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tunesmith import recipe as recipes
from tunesmith.core.cards import Decoding
from tunesmith.core.errors import DamagedFile
from tunesmith.core.recipe import Recipe
from tunesmith.export.verify import verify
from tunesmith.lifecycle import run, run_folder
from tunesmith.lifecycle.evaluate import evaluate
from tunesmith.lifecycle.events import Event, Finished, Started
from tunesmith.lifecycle.loaded import load
from tunesmith.lifecycle.run import walk

pytestmark = pytest.mark.usefixtures("proved_by_forks")

WORDS = ["the", "a", "is", "it", "my", "your", "card", "where", "order", "lost", "late", "good", "bad"]
COLOURS = ("red", "green", "blue")


def rows(kind: str, count: int = 90) -> list[dict[str, Any]]:
    """Give rows in which a colour says everything: the class, the number, and the answer."""
    draw = Random(5)
    made: list[dict[str, Any]] = []
    for number in range(count):
        colour = COLOURS[number % 3]
        words = [*draw.choices(WORDS, k=draw.randint(1, 3)), colour, *draw.choices(WORDS, k=2), str(number)]
        text = " ".join(words)
        more = {
            "classes": {"text": text, "label": colour},
            "number": {"text": text, "score": 10 * COLOURS.index(colour)},
            "answers": {"prompt": text, "completion": f"it is {colour}"},
            "text": {"text": " ".join([text, text])},
        }
        made.append(more[kind])
    return made


def finish(tmp_path: Path, base: Path, kind: str, **parts: Any) -> tuple[list[Event], Finished]:
    """Run a recipe to its end."""
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows(kind)))
    columns = {"columns": {"shape": "numbers", "text": "text", "label": "score"}} if kind == "number" else {}
    recipe = Recipe.model_validate(
        {
            "name": "task",
            "goal": "Tell colours.",
            "base": str(base),
            "data": {
                "source": {"name": "jsonl", "path": str(path), **columns},
                "audit": {"accept": ["near_duplicates", "contamination", "label_proof", "triggers"]},
                "split": {"validation": 0.1, "test": 0.25},
            },
            "training": {"tokens_per_step": 256, "learning_rate": 0.01, "precision": "float32"},
            **parts,
        }
    )
    folder = run_folder.create(recipes.resolve(recipe), tmp_path / "runs")
    events = list(walk(folder))
    assert isinstance(events[-1], Finished)
    return events, events[-1]


def value(finished: Finished, metric: str) -> tuple[float, float]:
    (found,) = [result for result in finished.report.metrics if result.metric == metric]
    return found.base.value, found.tuned.value


@pytest.mark.parametrize(
    ("base", "method", "export"),
    [
        ("bert_folder", "full", "merged"),
        ("bert_folder", "lora", "adapter"),
        ("bert_folder", "features", "adapter"),
        ("tiny_folder", "lora", "merged"),
        ("t5_folder", "full", "merged"),
    ],
)
def test_a_text_is_classified(
    base: str, method: str, export: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    _, finished = finish(
        tmp_path,
        request.getfixturevalue(base),
        "classes",
        method=method,
        export=export,
        objective="classify",
        evaluation={"metrics": ["exact_match", "perplexity"]},
        success=[{"metric": "exact_match", "gain_over_base": 0.1}],
        training={
            "epochs": 60 if method == "features" else 8,
            "tokens_per_step": 256,
            "learning_rate": 0.01,
            "precision": "float32",
            "patience": None,
        },
    )
    before, after = value(finished, "exact_match")
    assert after > before + 0.2
    assert "held against saying what is most frequent" in finished.report.notes[0]
    loaded = load(Path(finished.package))
    answer = loaded.generate("my green order")
    assert answer in COLOURS
    assert list(loaded.stream("my green order")) == [answer]


def test_a_package_with_a_head_is_evaluated_on_new_rows(bert_folder: Path, tmp_path: Path) -> None:
    _, finished = finish(
        tmp_path,
        bert_folder,
        "classes",
        method="features",
        objective="classify",
        evaluation={"metrics": ["exact_match"]},
        training={"epochs": 2, "learning_rate": 0.01, "precision": "float32"},
    )
    new = tmp_path / "new.jsonl"
    some = rows("classes", 30)
    new.write_text("".join(json.dumps(row) + "\n" for row in [*some, some[0]]))
    report = evaluate(Path(finished.package), new)
    (result,) = report.metrics
    assert result.base.value == pytest.approx(11 / 31)  # the first colour is the most frequent by one
    assert report.notes[0].startswith("The base has no such head.")
    answers = [load(Path(finished.package)).generate(row["text"]) for row in [*some, some[0]]]
    right = [answer == row["label"] for answer, row in zip(answers, [*some, some[0]], strict=True)]
    assert result.tuned.value == pytest.approx(sum(right) / 31)


def test_a_number_is_told(bert_folder: Path, tmp_path: Path) -> None:
    _, finished = finish(
        tmp_path,
        bert_folder,
        "number",
        method="full",
        export="merged",
        objective="regress",
        evaluation={"metrics": ["perplexity"]},
        training={"epochs": 12, "tokens_per_step": 256, "learning_rate": 0.005, "precision": "float32"},
    )
    before, after = value(finished, "perplexity")
    assert after < before
    assert float(load(Path(finished.package)).generate("my blue order")) > 10


def test_hidden_words_are_found_after_reading_raw_text(bert_folder: Path, tmp_path: Path) -> None:
    _, finished = finish(tmp_path, bert_folder, "text", method="full", export="merged", objective="mask")
    before, after = value(finished, "perplexity")
    assert after < before / 2


@pytest.mark.parametrize(("method", "export"), [("full", "merged"), ("lora", "adapter")])
def test_one_text_is_answered_by_another(method: str, export: str, t5_folder: Path, tmp_path: Path) -> None:
    events, finished = finish(
        tmp_path,
        t5_folder,
        "answers",
        method=method,
        export=export,
        objective="sft",
        evaluation={"metrics": ["exact_match", "perplexity"], "max_tokens": 8},
        training={"epochs": 8, "tokens_per_step": 512, "learning_rate": 0.01, "precision": "float32"},
    )
    assert any(isinstance(event, Started) for event in events)
    before, after = value(finished, "perplexity")
    assert after < before / 2
    answer = load(Path(finished.package)).generate("my blue order is late", Decoding(max_tokens=8))
    assert answer


def test_the_fork_that_proves_packages_here_refuses_what_is_none(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match=r"package\.json is missing"):
        verify(tmp_path, run.COMMAND)
