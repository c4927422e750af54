"""Editors are told the truth: what the schema allows can be read, what it forbids cannot."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tunesmith.core.errors import BadRecipe
from tunesmith.recipe import build, read_text, schema
from tunesmith.recipe.page import parse
from tunesmith.recipe.slots import SLOTS

ROOT = Path(__file__).parents[2]
SHOP = """\
name: shop
goal: Write product descriptions.
success:
  - {metric: rouge_l, at_least: 0.4}
data:
  source: {name: jsonl, path: rows.jsonl}
  split: {validation: 0.1, test: 0.1}
method: {name: lora, rank: 16}
objective: sft
training: {epochs: 3, learning_rate: 2e-4, clip_norm: null}
evaluation: {metrics: [perplexity, rouge_l, {name: bleu, lowercase: true}]}
"""
PRETRAIN = """\
name: words
goal: Learn to write.
data: {source: {name: file, path: words.txt}}
method: scratch
objective: {name: text, window: 128}
export: merged
"""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    form = schema()
    Draft202012Validator.check_schema(form)
    return Draft202012Validator(form)


def recipes() -> list[Path]:
    """Find the recipes of the repository: YAML pages with a goal."""
    pages = sorted((ROOT / "recipes").rglob("*.yaml"))
    return [page for page in pages if "goal" in parse(page.read_text(encoding="utf-8"), str(page)).content]


def test_the_recipes_of_the_repository_were_found() -> None:
    assert len(recipes()) >= 2


@pytest.mark.parametrize("path", recipes(), ids=lambda path: path.name)
def test_every_recipe_of_the_repository_is_valid(path: Path, validator: Draft202012Validator) -> None:
    text = path.read_text(encoding="utf-8")
    validator.validate(parse(text, str(path)).content)
    build(read_text(text, str(path)))


@pytest.mark.parametrize("text", [SHOP, PRETRAIN])
def test_a_recipe_that_can_be_built_is_valid(text: str, validator: Draft202012Validator) -> None:
    build(read_text(text))
    validator.validate(parse(text, "recipe.yaml").content)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("name: shop", "title: shop"),
        ("name: shop", "name: Shop"),
        ("goal: Write product descriptions.\n", ""),
        ("epochs: 3", "epoch: 3"),
        ("epochs: 3", "epochs: three"),
        ("epochs: 3", "epochs: 0"),
        ("clip_norm: null", "epochs_: null"),
        ("rank: 16", "rnak: 16"),
        ("rank: 16", "rank: 2000"),
        ("name: lora", "name: lroa"),
        ("objective: sft", "objective: sfd"),
        ("objective: sft", "objective: {window: 3}"),
        ("{name: jsonl, path: rows.jsonl}", "jsonl"),
        ("path: rows.jsonl", "file: rows.jsonl"),
        ("[perplexity, ", "[perplexitty, "),
        ("lowercase: true", "lowercase: yes"),
        ("metric: rouge_l", "metrics: rouge_l"),
    ],
)
def test_a_recipe_that_cannot_be_built_is_not_valid(
    written: str, instead: str, validator: Draft202012Validator
) -> None:
    assert written in SHOP
    text = SHOP.replace(written, instead)
    with pytest.raises(BadRecipe):
        build(read_text(text))
    assert not validator.is_valid(parse(text, "recipe.yaml").content)


def test_every_component_can_be_chosen_and_every_option_is_described() -> None:
    parts: dict[str, Any] = schema()["$defs"]
    checked = 0
    for registry in SLOTS.values():
        for name in registry.names():
            part = parts[f"{registry.room}.{name}"]
            assert list(part["properties"]) == ["name", *registry.options(name)]
            assert part["description"].endswith(".")
            assert not part["additionalProperties"]
            for option in registry.options(name):
                assert part["properties"][option]["description"].endswith("."), f"{name}.{option}"
                checked += 1
    assert checked >= 10


def test_only_components_without_required_options_can_be_named_alone() -> None:
    form = schema()
    source = form["$defs"]["Data"]["properties"]["source"]["oneOf"]
    assert not any("jsonl" in choice.get("enum", []) for choice in source)
    assert form["properties"]["method"]["oneOf"][0] == {
        "enum": [name for name in SLOTS[("method",)].names() if name not in ("continued", "experts", "stack")]
    }


def test_the_schema_is_plain_json_and_explains_every_key() -> None:
    form = json.loads(json.dumps(schema()))
    assert form["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert all(key["description"] for key in form["properties"].values())
    assert "Selection" not in json.dumps(form)
