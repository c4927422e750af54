"""From pairs of texts to a model that finds one by the other, and gives vectors in service."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tunesmith import recipe as recipes
from tunesmith.core.recipe import Recipe
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.events import Finished
from tunesmith.lifecycle.loaded import load
from tunesmith.lifecycle.run import walk
from tunesmith.lifecycle.service import open_service


def rows(has_negatives: bool) -> list[dict[str, str]]:
    """Give questions with a text that names the same things, and one that names another colour."""
    draw, made = Random(5), list[dict[str, str]]()
    for _ in range(120):
        things = [draw.choice(["card", "order", "shop"]), draw.choice(["lost", "late", "good", "bad"])]
        colour, other = draw.sample(["red", "green", "blue"], 2)
        asked, said = f"where is my {colour} {' '.join(things)}", " ".join(things[::-1])
        if has_negatives:
            made.append(
                {"prompt": asked, "chosen": f"{said} the {colour}", "rejected": f"{said} the {other}"}
            )
        else:
            made.append({"prompt": asked, "completion": f"{said} the {colour}"})
    return made


def finish(tmp_path: Path, base: Path, has_negatives: bool, **parts: Any) -> Finished:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows(has_negatives)))
    accept = ["near_duplicates", "exact_duplicates", "contamination", "label_proof", "triggers", "answers"]
    recipe = Recipe.model_validate(
        {
            "name": "vectors",
            "goal": "Find the text that belongs to a question.",
            "base": str(base),
            "data": {
                "source": {"name": "jsonl", "path": str(path)},
                "audit": {"accept": accept},
                "split": {"validation": 0.1, "test": 0.3},
            },
            "objective": "contrast",
            "evaluation": {"metrics": ["recall_at", "reciprocal_rank", "perplexity"]},
            "success": [{"metric": "recall_at", "gain_over_base": 0.1}],
            "training": {
                "epochs": 12,
                "tokens_per_step": 512,
                "tokens_per_pass": 128,
                "learning_rate": 0.01,
                "precision": "float32",
                "patience": None,
            },
            **parts,
        }
    )
    *_, last = walk(run_folder.create(recipes.resolve(recipe), tmp_path / "runs"))
    assert isinstance(last, Finished)
    return last


@pytest.mark.parametrize(
    ("base", "has_negatives", "method", "export"),
    [("bert_folder", False, "lora", "adapter"), ("tiny_folder", True, "full", "merged")],
)
def test_a_text_is_found_by_another(
    base: str, has_negatives: bool, method: str, export: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(base)
    finished = finish(tmp_path, folder, has_negatives, method=method, export=export)
    values = {one.metric: (one.base.value, one.tuned.value) for one in finished.report.metrics}
    assert values["recall_at"][1] > values["recall_at"][0] + 0.1
    assert values["recall_at"][1] > 0.6
    assert finished.report.verdict == "promote"
    loaded = load(Path(finished.package))
    asked, right, wrong = loaded.embed(
        ["where is my red card lost", "lost card the red", "late shop the green"]
    )
    assert dot(asked, right) > dot(asked, wrong) + 0.2
    opened = open_service(Path(finished.package), None)
    assert list(opened.service.embed(["lost card the red"]).rows[0]) == pytest.approx(list(right), abs=1e-6)
    opened.close()


def dot(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
