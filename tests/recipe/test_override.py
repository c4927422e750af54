"""Changes reach every place of a recipe, and never undo, invent or silently drop anything."""

from copy import deepcopy
from typing import Any

import pytest

from tunesmith.core.errors import BadOption, BadRecipe, UnknownName
from tunesmith.recipe import override

CONTENT: dict[str, Any] = {
    "name": "shop",
    "goal": "Sell.",
    "success": [{"metric": "rouge_l", "at_least": 0.4}],
    "data": {"source": {"name": "jsonl", "path": "rows.jsonl"}},
    "method": {"name": "lora", "rank": 8, "targets": ["q_proj"]},
    "objective": "text",
    "evaluation": {"metrics": ["perplexity", {"name": "bleu", "lowercase": True}]},
}


@pytest.mark.parametrize(
    ("change", "section", "wanted"),
    [
        ("training.epochs=1", "training", {"epochs": 1}),
        ("training.learning_rate=2e-4", "training", {"learning_rate": 0.0002}),
        ("base=../x", "base", "../x"),
        ("parent=", "parent", None),
        ("goal=Say a=b: kindly", "goal", "Say a=b: kindly"),
        ("success=[]", "success", []),
        ("success.0.at_least=0.3", "success", [{"metric": "rouge_l", "at_least": 0.3}]),
        ("data.split.test=0.2", "data", {"source": CONTENT["data"]["source"], "split": {"test": 0.2}}),
        ("data.source.path=a.csv", "data", {"source": {"name": "jsonl", "path": "a.csv"}}),
        ("evaluation.metrics=[bleu, rouge_l]", "evaluation", {"metrics": ["bleu", "rouge_l"]}),
        (
            "evaluation.metrics.0=bleu",
            "evaluation",
            {"metrics": ["bleu", CONTENT["evaluation"]["metrics"][1]]},
        ),
        ("method.rank=4", "method", {"name": "lora", "rank": 4, "targets": ["q_proj"]}),
        ("method.targets.0=v_proj", "method", {"name": "lora", "rank": 8, "targets": ["v_proj"]}),
        ("training={epochs: 1, warmup: 0}", "training", {"epochs": 1, "warmup": 0}),
    ],
)
def test_a_change_lands_where_its_path_says(change: str, section: str, wanted: object) -> None:
    changed = override(CONTENT, [change])
    assert changed.pop(section) == wanted
    assert changed == {key: value for key, value in CONTENT.items() if key != section}


def test_what_was_given_stays_as_it_is() -> None:
    before = deepcopy(CONTENT)
    override(CONTENT, ["method.rank=4", "success.0.at_least=0", "objective.window=8", "data.split.test=0"])
    assert before == CONTENT


def test_a_bare_name_becomes_a_component_with_the_option() -> None:
    assert override(CONTENT, ["objective.window=64"])["objective"] == {"name": "text", "window": 64}
    changed = override(CONTENT, ["evaluation.metrics.0={name: bleu, lowercase: true}"])
    assert changed["evaluation"]["metrics"][0] == {"name": "bleu", "lowercase": True}


def test_an_option_of_a_component_that_is_left_to_its_default_is_added_to_the_default() -> None:
    least = {"name": "a", "goal": "b", "data": {"source": "x"}}
    assert override(least, ["method.rank=4"])["method"] == {"name": "lora", "rank": 4}
    assert override({**least, "method": None}, ["method.rank=4"])["method"] == {"name": "lora", "rank": 4}


@pytest.mark.parametrize("change", ["method=full", "method.name=full"])
def test_another_component_leaves_no_option_of_the_old_one_behind(change: str) -> None:
    assert override(CONTENT, [change])["method"] == "full"


def test_a_new_component_takes_the_options_that_follow_it() -> None:
    changed = override(CONTENT, ["method.name=lora", "method.rank=2"])
    assert changed["method"] == {"name": "lora", "rank": 2}


@pytest.mark.parametrize(
    "changes",
    [
        ["method.rank=4", "method=full"],
        ["method.rank=4", "method.name=lora"],
        ["training.epochs=1", "training={}"],
        ["seed=1", "seed=2"],
        ["success.0.at_least=0.1", "success=[]"],
    ],
)
def test_a_change_that_would_undo_one_before_it_is_refused(changes: list[str]) -> None:
    with pytest.raises(BadRecipe, match="undoes"):
        override(CONTENT, changes)


@pytest.mark.parametrize("change", ["foo", "", "=1", "training.=1", ".epochs=1", "training..epochs=1"])
def test_what_is_no_change_is_refused_with_an_example(change: str) -> None:
    with pytest.raises(BadRecipe, match=r"Write path=value, for example training\.epochs=1"):
        override(CONTENT, [change])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.epoch=1", r"training\.epoch: there is no such key\. Did you mean 'epochs'\?"),
        ("epochs=1", r"epochs: there is no such key\. Did you mean 'training\.epochs'\?"),
        ("method.rnak=1", r"method\.rnak: lora has no such option\. Did you mean 'rank'\?"),
        ("training.epochs.x=1", r"training\.epochs is one value"),
        ("success.metric=x", r"success is a list; begin with success\.0"),
        ("success.1.metric=x", r"success has 1 entries, counted from 0\. Give the whole list"),
        ("success.0.metrik=x", r"there is no such key"),
        ("evaluation.metrics.7=x", r"evaluation\.metrics has 2 entries"),
        ("method.rank.x=1", r"method\.rank is 8, which has no 'x' to change"),
        ("method.targets.3=1", r"method\.targets has 1 entries"),
        ("name.x=1", r"name is one value"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(change: str, message: str) -> None:
    with pytest.raises(BadOption, match=message):
        override(CONTENT, [change])


def test_an_option_of_a_component_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownName, match="No method is called 'lroa'"):
        override({**CONTENT, "method": "lroa"}, ["method.rank=1"])


def test_an_option_of_a_source_that_is_not_named_is_refused() -> None:
    with pytest.raises(BadRecipe, match=r"names no data\.source yet"):
        override({"name": "a"}, ["data.source.path=a.csv"])
    with pytest.raises(BadRecipe, match=r"method has no name"):
        override({"method": {"rank": 3}}, ["method.rank=1"])
