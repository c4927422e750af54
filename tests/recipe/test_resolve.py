"""A resolved recipe says everything, resolves to itself, and names only what works together."""

from typing import Any

import pytest

from tunesmith.core.errors import BadOption, BadRecipe, UnknownName
from tunesmith.core.recipe import Recipe
from tunesmith.method.lora import LoRA
from tunesmith.recipe import build, diff, fingerprint, read_text, resolve
from tunesmith.recipe.slots import SLOTS

LEAST = "name: shop\ngoal: Sell.\ndata: {source: {name: jsonl, path: rows.jsonl}}\n"


def made(more: str = "", *changes: str) -> Recipe:
    return read_text(LEAST + more, "recipe.yaml", changes)


NEEDED = {
    "stack": {"methods": [{"name": "lora"}, {"name": "bitfit"}]},
    "continued": {"adapter": "package"},
    "experts": {"adapters": ["one", "other"]},
}
"""Options that some methods must be given."""


def test_every_part_is_made_with_its_options() -> None:
    recipe = made(
        "method: {name: lora, rank: 4}\nevaluation: {metrics: [perplexity, {name: rouge_l}]}\n",
        "data.clean=[normalise, {name: sample, share: 0.25}]",
        "data.augment=[noise]",
        "data.audit.checks=[{name: near_duplicates, similarity: 0.7}]",
        "data.audit.skip=[languages]",
        "data.audit.against=[{name: file, path: exam.jsonl}]",
        "memory=[neighbours]",
    )
    parts = build(recipe)
    assert isinstance(parts.method, LoRA)
    assert parts.method.rank == 4
    assert list(parts.metrics) == ["perplexity", "rouge_l"]
    made_parts = (
        *(parts.source, parts.cleaners[1], parts.augmenters[0], parts.checks["near_duplicates"]),
        *(parts.against[0], parts.method, parts.objective, parts.memories[0]),
        *(parts.metrics["rouge_l"], parts.exporter),
    )
    for part, registry in zip(made_parts, SLOTS.values(), strict=True):
        assert isinstance(part, registry.kind)
    assert vars(parts.cleaners[1]) == {"share": 0.25}
    assert vars(parts.checks["near_duplicates"])["similarity"] == 0.7
    assert {"contamination", "secrets"} < parts.checks.keys()
    assert "languages" not in parts.checks


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("data.audit.skip=[seecrets]", "No check is called 'seecrets'. Did you mean 'secrets'"),
        ("data.audit.accept=[seecrets]", "No check is called 'seecrets'. Did you mean 'secrets'"),
        ("data.clean=[normalize]", "No cleaner is called 'normalize'. Did you mean 'normalise'"),
    ],
)
def test_a_check_or_cleaner_that_does_not_exist_is_named(change: str, message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        build(made("", change))


def test_a_check_cannot_be_skipped_and_given_options() -> None:
    with pytest.raises(BadRecipe, match="skips near_duplicates and gives options for it"):
        build(made("", "data.audit.skip=[near_duplicates]", "data.audit.checks=[near_duplicates]"))


def test_every_default_of_every_component_is_written_out() -> None:
    changes = (
        *("data.clean=[normalise]", "data.augment=[noise]", "data.audit.checks=[near_duplicates]"),
        "data.audit.against=[{name: jsonl, path: exam.jsonl}]",
        "memory=[neighbours]",
    )
    recipe = resolve(made("method: lora\nevaluation: {metrics: [perplexity]}\n", *changes))
    chosen = [
        recipe.data.source,
        recipe.data.clean[0],
        recipe.data.augment[0],
        recipe.data.audit.checks[0],
        recipe.data.audit.against[0],
        recipe.method,
        recipe.objective,
        recipe.memory[0],
        recipe.evaluation.metrics[0],
        recipe.export,
    ]
    for selection, registry in zip(chosen, SLOTS.values(), strict=True):
        assert list(selection.options) == registry.options(selection.name)
    assert {"rank": 16, "alpha": 32.0, "dropout": 0.0, "targets": "all-linear"}.items() <= (
        recipe.method.options.items()
    )
    assert recipe.data.source.options["path"] == "rows.jsonl"


def test_resolving_changes_nothing_but_what_was_left_out() -> None:
    recipe = made("method: {name: lora, rank: 4, targets: [q_proj]}\nseed: 3\n")
    resolved = resolve(recipe)
    assert (resolved.method.options["rank"], resolved.method.options["targets"]) == (4, ["q_proj"])
    rate = resolved.training.learning_rate
    assert rate == 2e-4
    assert resolved.training == recipe.training.model_copy(update={"learning_rate": rate})
    assert resolved.seed == 3


@pytest.mark.parametrize("method", SLOTS[("method",)].names())
@pytest.mark.parametrize("metric", SLOTS[("evaluation", "metrics")].names())
def test_a_resolved_recipe_resolves_to_itself(method: str, metric: str) -> None:
    kind = SLOTS[("method",)].load(method)
    export = "adapter" if kind.leaves_adapter else "merged"
    chosen = {"name": method, **NEEDED.get(method, {})}
    recipe = resolve(made(f"method: {chosen}\nexport: {export}\nevaluation: {{metrics: [{metric}]}}\n"))
    assert resolve(recipe) == recipe


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("method: lroa\n", r"No method is called 'lroa'\. Did you mean 'lora'"),
        ("objective: sfd\n", r"No objective is called 'sfd'\. Did you mean 'sft'"),
        ("export: adaptor\n", r"No exporter is called 'adaptor'\. Did you mean 'adapter'"),
        ("evaluation: {metrics: [rouge-l]}\n", r"No metric is called 'rouge-l'\. Did you mean 'rouge_l'"),
    ],
)
def test_a_component_that_does_not_exist_is_refused_with_the_closest_one(more: str, message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        build(made(more))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("method: {name: lora, rnak: 4}\n", r"method\.lora\.rnak: there is no such option.*'rank'"),
        ('method: {name: lora, rank: "4"}\n', r"method\.lora\.rank: .*valid integer \(found '4'\)"),
        ("method: {name: full, rank: 4}\n", r"method\.full\.rank: there is no such option"),
        ("evaluation: {metrics: [{name: perplexity, x: 1}]}\n", r"metric\.perplexity\.x"),
    ],
)
def test_an_option_that_a_component_does_not_take_is_refused(more: str, message: str) -> None:
    with pytest.raises(BadOption, match=message):
        build(made(more))


def test_a_source_without_its_required_option_is_refused() -> None:
    with pytest.raises(BadOption, match=r"source\.jsonl\.path"):
        build(made("", "data.source=jsonl"))


@pytest.mark.parametrize("method", ["full", "scratch"])
def test_an_adapter_of_a_method_that_leaves_none_is_refused_with_the_remedy(method: str) -> None:
    with pytest.raises(BadRecipe, match=rf"method {method} changes the weights.* Write export: merged"):
        build(made(f"method: {method}\n"))
    assert build(made(f"method: {method}\nexport: merged\n"))


def test_success_without_test_rows_to_decide_it_on_is_refused() -> None:
    success = "success: [{metric: perplexity, at_most: 20}]\n"
    with pytest.raises(BadRecipe, match=r"decided on the test split, but data\.split\.test is 0"):
        build(made(success, "data.split.test=0"))
    assert build(made(success))
    assert build(made("", "data.split.test=0"))


def test_the_same_metric_twice_is_refused() -> None:
    with pytest.raises(BadRecipe, match="names rouge_l twice"):
        build(made("evaluation: {metrics: [rouge_l, perplexity, rouge_l]}\n"))


def test_answers_are_not_scored_where_there_are_none() -> None:
    with pytest.raises(BadRecipe, match=r"metrics rouge_l score answers, but raw text has none"):
        build(made("objective: text\nevaluation: {metrics: [perplexity, rouge_l]}\n"))
    assert build(made("objective: text\nevaluation: {metrics: [perplexity]}\n"))


def test_a_fingerprint_is_the_same_whether_a_default_is_written_or_not() -> None:
    assert fingerprint(made()) == fingerprint(made("method: {name: lora, rank: 16}\nseed: 7\n"))
    assert fingerprint(made()) == fingerprint(resolve(made()))


@pytest.mark.parametrize(
    "change",
    [
        "seed=8",
        "method.rank=8",
        "data.source.path=b.jsonl",
        "training.epochs=4",
        "evaluation.metrics=[bleu]",
        "goal=x",
    ],
)
def test_a_fingerprint_changes_with_what_the_recipe_means(change: str) -> None:
    assert fingerprint(made()) != fingerprint(made("", change))


def test_a_difference_is_a_line_with_both_values() -> None:
    before = made("training: {epochs: 3}\n")
    assert diff(before, made("training: {epochs: 5}\n")) == ["training.epochs: 3 -> 5"]
    assert diff(before, before) == []


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (["parent=shop-1"], ["parent: null -> shop-1"]),
        (["method=full"], ["method.name: lora -> full", "method.rank: 4 -> absent"]),
        (["method.alpha=8.5"], ["method.alpha: absent -> 8.5"]),
        (["evaluation.metrics=[perplexity, bleu]"], ["evaluation.metrics.1.name: absent -> bleu"]),
    ],
)
def test_what_appears_or_goes_is_a_difference_too(changes: list[str], lines: list[str]) -> None:
    method = "method: {name: lora, rank: 4}\n"
    assert diff(made(method), made(method, *changes)) == lines


def test_an_empty_list_differs_from_a_full_one() -> None:
    success = "success=[{metric: perplexity, at_most: 20}]"
    lines: Any = diff(made(), made("", success))
    assert "success: [] -> absent" in lines
    assert "success.0.at_most: absent -> 20.0" in lines
