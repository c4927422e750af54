from pathlib import Path
from typing import Any

import pytest

from tiny_readers import reader_of
from tunesmith import recipe as recipes
from tunesmith.core.errors import BadBase, BadRecipe
from tunesmith.core.recipe import Recipe
from tunesmith.lifecycle.check_fit import check_fit, check_parts

ROWS = {
    "conversations": '{"prompt": "Hi", "completion": "Hello"}\n',
    "labels": '{"text": "Hi", "label": "greeting"}\n',
    "text": '{"text": "Hi there"}\n',
}


def check(tmp_path: Path, base: Path, kind: str, **parts: Any) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(ROWS[kind])
    recipe = Recipe.model_validate(
        {
            "name": "shop",
            "goal": "Sell.",
            "base": "base",
            "data": {"source": {"name": "jsonl", "path": str(rows)}},
            "export": "adapter" if parts.get("method") in (None, "lora", "bitfit", "features") else "merged",
            **parts,
        }
    )
    parts_made = recipes.build(recipe)
    check_parts(recipe, parts_made)
    check_fit(recipe, parts_made, base)


@pytest.mark.parametrize(
    ("base", "kind", "objective"),
    [
        ("tiny_folder", "conversations", "sft"),
        ("tiny_folder", "text", "text"),
        ("tiny_folder", "labels", "classify"),
        ("bert_folder", "labels", "classify"),
        ("bert_folder", "text", "mask"),
        ("t5_folder", "conversations", "sft"),
        ("t5_folder", "labels", "classify"),
    ],
)
def test_what_fits_is_not_refused(
    base: str, kind: str, objective: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    check(tmp_path, request.getfixturevalue(base), kind, objective=objective)


@pytest.mark.parametrize(
    ("base", "kind", "parts", "message"),
    [
        ("tiny_folder", "text", {"objective": "sft"}, "takes .*, but this source gives text"),
        (
            "bert_folder",
            "conversations",
            {"objective": "sft"},
            r"kind encoder\. Did you mean .*: mask, classify or tags",
        ),
        ("tiny_folder", "text", {"objective": "mask"}, r"kind decoder\. Did you mean objective: sft or text"),
        ("t5_folder", "text", {"objective": "text"}, r"kind encoder-decoder\. Did you mean objective: sft"),
        (
            "tiny_folder",
            "conversations",
            {"training": {"balance": 0.01}},
            r"training\.balance keeps experts evenly used, but this base has none",
        ),
        ("tiny_folder", "conversations", {"method": "bitfit"}, "method bitfit does not fit base: .*bias"),
        ("t5_folder", "labels", {"method": "features", "objective": "classify"}, "method features does not"),
        ("bert_folder", "labels", {"objective": "classify", "memory": ["retrieval"]}, "tell classes"),
        (
            "tiny_folder",
            "conversations",
            {"method": "full", "training": {"storage": "stored"}},
            "keeps the base as it is, but method full changes it",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_the_remedy_before_weights_are_read(
    base: str,
    kind: str,
    parts: dict[str, Any],
    message: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    with pytest.raises(BadRecipe, match=message):
        check(tmp_path, request.getfixturevalue(base), kind, **parts)


def test_a_base_that_has_no_such_head_is_refused_without_its_weights(tmp_path: Path) -> None:
    reader_of("bart").config.save_pretrained(tmp_path)
    check(tmp_path, tmp_path, "labels", objective="classify")  # there are no weights to be read
    with pytest.raises(BadBase, match="there is no config"):
        check(tmp_path, tmp_path / "nowhere", "labels", objective="classify")
