"""The recipe card refuses what it does not know, and holds each default once."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tunesmith.core.recipe import Criterion, Recipe, Section, Selection, Split

LEAST: dict[str, Any] = {
    "name": "shop",
    "goal": "Sell.",
    "data": {"source": {"name": "jsonl", "path": "a.jsonl"}},
}


def made(**more: Any) -> Recipe:
    return Recipe.model_validate_json(json.dumps({**LEAST, **more}), strict=True)


def sections(kind: type[Section] = Recipe) -> list[type[Section]]:
    inner = [field.annotation for field in kind.model_fields.values()]
    below = [part for part in inner if isinstance(part, type) and issubclass(part, Section)]
    return [kind, *(found for part in below for found in sections(part))]


def test_name_goal_and_source_are_enough() -> None:
    recipe = made()
    assert (recipe.base, recipe.method.name, recipe.objective.name, recipe.seed) == ("tiny", "lora", "sft", 7)
    assert recipe.data.source.options == {"path": "a.jsonl"}


def test_every_key_is_described() -> None:
    assert len(sections()) == 6
    for section in (*sections(), Criterion):
        for key, field in section.model_fields.items():
            assert (field.description or "").endswith("."), f"{section.__name__}.{key}"


def test_a_bare_name_is_a_component_with_all_its_defaults() -> None:
    assert made(method="full").method == Selection(name="full")
    assert made(method="full").method.options == {}


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 3},
        {"training": {"epoch": 3}},
        {"data": {**LEAST["data"], "splits": {}}},
        {"evaluation": {"metric": []}},
        {"success": [{"metric": "perplexity", "at_least": 1, "least": 1}]},
    ],
)
def test_an_unknown_key_is_refused_in_every_section(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        made(**change)


@pytest.mark.parametrize(
    "training",
    [
        {"epochs": 0},
        {"epochs": "3"},
        {"epochs": 1.5},
        {"epochs": True},
        {"learning_rate": 0},
        {"learning_rate": "2e-4"},
        {"warmup": 1},
        {"warmup": -0.1},
        {"schedule": "step"},
        {"clip_norm": 0},
    ],
)
def test_a_value_out_of_range_or_of_another_type_is_refused(training: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(training=training)


@pytest.mark.parametrize("name", ["", "Shop", "shop descriptions", "-shop", "../shop", "shop\n", "x" * 64])
def test_a_name_that_is_no_plain_folder_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="Use small letters from a to z, digits and hyphens only"):
        made(name=name)


@pytest.mark.parametrize(
    "bounds", [{}, {"at_least": 1.0, "at_most": 2.0}, {"at_least": 1, "gain_over_base": 1}]
)
def test_a_criterion_has_exactly_one_bound(bounds: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        Criterion(metric="perplexity", **bounds)
    assert Criterion(metric="perplexity", at_most=20).at_most == 20


def test_success_on_a_metric_that_is_not_measured_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"asks for 'bleu', but evaluation\.metrics measures only"):
        made(success=[{"metric": "bleu", "at_least": 0.3}])
    assert made(success=[{"metric": "bleu", "at_least": 0.3}], evaluation={"metrics": ["bleu"]})


def test_a_split_leaves_something_to_train_on() -> None:
    with pytest.raises(ValidationError, match="nothing to train on"):
        Split(validation=0.5, test=0.5)
    assert Split(validation=0.0, test=0.9)


def test_a_recipe_never_changes_after_reading() -> None:
    recipe = made()
    with pytest.raises(ValidationError, match="frozen"):
        recipe.seed = 8  # type: ignore[misc]  # that is the point
    with pytest.raises(ValidationError, match="frozen"):
        recipe.method.name = "full"  # type: ignore[misc]  # that is the point


def test_a_newer_format_is_refused() -> None:
    with pytest.raises(ValidationError, match="format"):
        made(format=2)
