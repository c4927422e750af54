"""A recipe is read strictly; each message says where, what was found, and what to write."""

from pathlib import Path

import pytest

from tunesmith.core.errors import BadOption, BadRecipe
from tunesmith.core.recipe import Criterion
from tunesmith.recipe import read, read_text

SHOP = """\
name: shop
goal: Write product descriptions.
data:
  source: {name: jsonl, path: rows.jsonl}
method: lora
training:
  epochs: 3
  learning_rate: 2e-4
success:
  - {metric: rouge_l, at_least: 0.4}
evaluation: {metrics: [rouge_l, {name: bleu, lowercase: true}]}
"""


def refusal(text: str, *changes: str) -> str:
    with pytest.raises(BadRecipe) as caught:
        read_text(text, "recipe.yaml", changes)
    return str(caught.value)


def test_a_recipe_reads_as_written() -> None:
    recipe = read_text(SHOP)
    assert recipe.training.learning_rate == 0.0002
    assert recipe.success == (Criterion(metric="rouge_l", at_least=0.4),)
    assert [metric.name for metric in recipe.evaluation.metrics] == ["rouge_l", "bleu"]
    assert recipe.evaluation.metrics[1].options == {"lowercase": True}
    assert recipe.data.source.options == {"path": "rows.jsonl"}


def test_a_file_reads_like_its_text_with_changes_laid_over_it(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP, encoding="utf-8")
    assert read(file) == read_text(SHOP)
    assert read(file, ["training.epochs=1"]).training.epochs == 1


def test_an_unknown_key_is_refused_with_its_line_and_the_closest_one() -> None:
    assert refusal(SHOP.replace("epochs:", "epoch:")).startswith(
        "recipe.yaml:7: training.epoch: there is no such key. Did you mean 'epochs'?"
    )


def test_a_key_in_the_wrong_section_is_pointed_to_its_place() -> None:
    assert refusal(SHOP + "epochs: 3\n") == (
        "recipe.yaml:12: epochs: there is no such key. Did you mean 'training.epochs'?"
    )


@pytest.mark.parametrize("found", ["three", '"3"', "2.5", "true", "yes", "[3]", "0", "1e3"])
def test_a_wrong_value_is_refused_with_its_line_and_what_was_found(found: str) -> None:
    message = refusal(SHOP.replace("epochs: 3", f"epochs: {found}"))
    assert message.startswith("recipe.yaml:7: training.epochs: Input should be ")
    assert "(found " in message


def test_nothing_where_a_value_must_be_is_refused() -> None:
    assert refusal(SHOP.replace("epochs: 3", "epochs:")).endswith("(found None).")


def test_everything_that_is_missing_is_said_at_once_with_what_to_write() -> None:
    assert refusal("base: tiny\n") == (
        "recipe.yaml: name is missing. Write, for example:\n"
        "  name: support-answers\n"
        "recipe.yaml: goal is missing. Write, for example:\n"
        "  goal: Answer customers the way our support team does.\n"
        "recipe.yaml: data is missing. Write, for example:\n"
        "  data: {source: {name: jsonl, path: rows.jsonl}}"
    )


def test_what_to_write_can_be_read() -> None:
    examples = [line for line in refusal("base: tiny\n").splitlines() if line.startswith("  ")]
    assert read_text("\n".join(line.strip() for line in examples)).data.source.name == "jsonl"


def test_a_component_without_a_name_is_refused_with_the_names_there_are() -> None:
    message = refusal(SHOP.replace("method: lora", "method: {rank: 3}"))
    assert message.startswith(
        "recipe.yaml:5: method.name is missing. Write under method, for example:\n  name: "
    )
    assert "lora" in message
    assert "full" in message


def test_several_faults_are_said_together_and_in_order() -> None:
    lines = refusal(SHOP.replace("epochs: 3", "epochs: x\n  warmup: 2")).splitlines()
    assert [line.split(": Input")[0] for line in lines] == [
        "recipe.yaml:7: training.epochs",
        "recipe.yaml:8: training.warmup",
    ]


def test_only_what_is_missing_is_no_bad_option() -> None:
    with pytest.raises(BadRecipe) as caught:
        read_text("name: a\ngoal: b\n")
    assert type(caught.value) is BadRecipe
    with pytest.raises(BadOption):
        read_text("name: a\ngoals: b\n")


def test_a_rule_of_the_card_is_said_in_its_own_words() -> None:
    two = SHOP.replace("at_least: 0.4", "at_least: 0.4, at_most: 1")
    assert refusal(two) == "recipe.yaml:10: success.0: give exactly one of at_least, at_most, gain_over_base."
    assert refusal(SHOP.replace("metric: rouge_l", "metric: rouge")).startswith(
        "recipe.yaml: success asks for 'rouge', but evaluation.metrics measures only"
    )


def test_what_the_command_line_did_wrong_is_not_blamed_on_the_file() -> None:
    assert refusal(SHOP, "training.epochs=x").startswith("command line: training.epochs: ")
    assert refusal(SHOP, "training=3").startswith("command line: training: ")
    assert refusal(SHOP.replace("epochs: 3", "epochs: x"), "seed=1").startswith(
        "recipe.yaml:7: training.epochs"
    )


def test_a_missing_file_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "quickstart.yaml").write_text(SHOP)
    with pytest.raises(
        BadRecipe, match=r"There is no recipe at .*quickstrat\.yaml\. Did you mean .*quickstart\.yaml\?"
    ):
        read(tmp_path / "quickstrat.yaml")
    with pytest.raises(BadRecipe, match=r"`tunesmith new` writes one"):
        read(tmp_path / "nowhere" / "a.yaml")


def test_a_folder_or_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="cannot be read"):
        read(tmp_path)
    file = tmp_path / "recipe.yaml"
    file.write_bytes(b"name: \xff\n")
    with pytest.raises(BadRecipe, match=r"is not UTF-8 text: byte 6"):
        read(file)
