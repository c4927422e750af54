"""What is written reads back equal, and can be read by a person."""

import string
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from tunesmith.core.recipe import Criterion, Recipe, Selection, Training
from tunesmith.recipe import read_text, resolve, write

SHOP = read_text(
    "name: shop\ngoal: Sell.\ndata: {source: {name: jsonl, path: rows.jsonl}}\n"
    "success: [{metric: perplexity, gain_over_base: 1}, {metric: perplexity, at_most: 20}]\n"
)

TRICKY = [
    *("", " ", "3", "2e-4", "true", "null", "~", "yes", "2024-05-01", "1_000", "0x1f", "=", "<<"),
    *("- a", "a: b", "a #b", "#a", "&a", "*a", "!a", "%a", "@a", "`a", "[a]", "{a}"),
    *(" a", "a ", "a:", ":", "?", "a\nb", "a\n", "\ta", '"', "'", "a'b", "\\", "---", "...", "| a", "é"),
    *("\x7f", "\x85", "\u2028", "\ufeff", "\U0001f600"),
]
letters = some.characters(codec="utf-8") | some.sampled_from(string.printable)
texts = some.sampled_from(TRICKY) | some.text(letters, max_size=20)
numbers = some.integers(-(2**70), 2**70) | some.floats(allow_nan=False, allow_infinity=False)
options = some.recursive(
    some.none() | some.booleans() | numbers | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
selections = some.builds(
    lambda name, more: Selection.model_validate({**more, "name": name}),
    texts,
    some.dictionaries(texts.filter(lambda key: key not in ("name", "model_config")), options, max_size=3),
)


@settings(max_examples=50)
@given(texts, texts, selections, some.lists(selections, min_size=1, max_size=3), some.floats(1e-300, 1e300))
def test_any_recipe_reads_back_equal(
    goal: str, base: str, method: Selection, metrics: list[Selection], rate: float
) -> None:
    recipe = SHOP.model_copy(
        update={
            "goal": goal,
            "base": base,
            "method": method,
            "training": Training(learning_rate=rate),
            "success": (Criterion(metric=metrics[0].name, at_least=rate),),
            "evaluation": SHOP.evaluation.model_copy(update={"metrics": tuple(metrics)}),
        }
    )
    assert read_text(write(recipe)) == recipe


def test_a_resolved_recipe_reads_back_equal() -> None:
    recipe = resolve(SHOP)
    assert read_text(write(recipe)) == recipe
    assert resolve(read_text(write(recipe))) == recipe


def test_the_version_of_the_format_comes_first() -> None:
    assert write(SHOP).startswith("format: 1  # ")


def test_every_key_of_the_card_is_written_with_what_it_means() -> None:
    lines = write(SHOP).splitlines()
    for key, field in Recipe.model_fields.items():
        (line,) = [line for line in lines if line.startswith(f"{key}:")]
        assert line.endswith(f"  # {field.description}")
    assert any(
        line.startswith("  learning_rate: null  # Highest learning rate, reached after") for line in lines
    )


def test_a_criterion_is_written_with_the_one_bound_it_has() -> None:
    assert (
        "  - {metric: perplexity, gain_over_base: 1.0}\n  - {metric: perplexity, at_most: 20.0}\n"
        in write(SHOP)
    )


@pytest.mark.parametrize("goal", ["Sell.", "Write descriptions in our brand's voice"])
def test_plain_words_are_written_without_quotes(goal: str) -> None:
    assert f"\ngoal: {goal}  # " in write(SHOP.model_copy(update={"goal": goal}))


@pytest.mark.parametrize("goal", ["Über alle Öfen: 火", "word " * 60 + "#"])
def test_other_scripts_and_long_texts_stay_readable_on_one_line(goal: str) -> None:
    assert f'\ngoal: "{goal}"  # ' in write(SHOP.model_copy(update={"goal": goal}))


@pytest.mark.parametrize("goal", ["yes", "2e-4", "a: b", "a #b", "", "null"])
def test_other_readers_of_yaml_see_the_same_text(goal: str) -> None:
    other: Any = yaml.safe_load(write(SHOP.model_copy(update={"goal": goal})))
    assert other["goal"] == goal
