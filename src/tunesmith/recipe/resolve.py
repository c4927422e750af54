"""Turn names into components, write out every default, and refuse what cannot work together."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from tunesmith.core.contracts import (
    Augmenter,
    Check,
    Cleaner,
    Exporter,
    Memory,
    Method,
    Metric,
    Objective,
    Source,
)
from tunesmith.core.errors import BadRecipe
from tunesmith.core.example import Kind
from tunesmith.core.hashing import hash_value
from tunesmith.core.recipe import Recipe, Selection
from tunesmith.recipe.page import Plain
from tunesmith.recipe.slots import SLOTS, Keys


@dataclass(frozen=True)
class Parts:
    """The components a recipe names, each made with its options; checks and metrics by name."""

    source: Source
    cleaners: tuple[Cleaner, ...]
    augmenters: tuple[Augmenter, ...]
    checks: Mapping[str, Check]
    against: tuple[Source, ...]
    method: Method
    objective: Objective
    memories: tuple[Memory, ...]
    metrics: Mapping[str, Metric]
    exporter: Exporter


def build(recipe: Recipe) -> Parts:
    """Make every component the recipe names; no data is read and no weights are loaded.

    Raises UnknownName for a component that does not exist, BadOption for options it does not take, and
    BadRecipe for components that cannot work together.
    """
    _check_metrics(recipe)
    parts = Parts(
        source=_make(("data", "source"), recipe.data.source),
        cleaners=tuple(_make(("data", "clean"), chosen) for chosen in recipe.data.clean),
        augmenters=tuple(_make(("data", "augment"), chosen) for chosen in recipe.data.augment),
        checks=_checks(recipe),
        against=tuple(_make(("data", "audit", "against"), chosen) for chosen in recipe.data.audit.against),
        method=_make(("method",), recipe.method),
        objective=_make(("objective",), recipe.objective),
        memories=tuple(_make(("memory",), chosen) for chosen in recipe.memory),
        metrics={
            chosen.name: _make(("evaluation", "metrics"), chosen) for chosen in recipe.evaluation.metrics
        },
        exporter=_make(("export",), recipe.export),
    )
    _check_fit(recipe, parts)
    return parts


def resolve(recipe: Recipe) -> Recipe:
    """Write out every default of every component; a resolved recipe resolves to itself.

    Raises as `build` does.
    """
    parts = build(recipe)
    content = recipe.model_dump(mode="json")
    data = content["data"]
    data["source"] = _write_out(recipe.data.source, parts.source)
    data["clean"] = _write_out_all(recipe.data.clean, parts.cleaners)
    data["augment"] = _write_out_all(recipe.data.augment, parts.augmenters)
    checks = recipe.data.audit.checks
    data["audit"]["checks"] = _write_out_all(checks, [parts.checks[chosen.name] for chosen in checks])
    data["audit"]["against"] = _write_out_all(recipe.data.audit.against, parts.against)
    content["method"] = _write_out(recipe.method, parts.method)
    content["training"]["learning_rate"] = recipe.training.learning_rate or parts.method.usual_rate
    content["objective"] = _write_out(recipe.objective, parts.objective)
    content["memory"] = _write_out_all(recipe.memory, parts.memories)
    metrics = recipe.evaluation.metrics
    content["evaluation"]["metrics"] = _write_out_all(
        metrics, [parts.metrics[chosen.name] for chosen in metrics]
    )
    content["export"] = _write_out(recipe.export, parts.exporter)
    return Recipe.model_validate_json(json.dumps(content), strict=True)


def check_metrics(metrics: Mapping[str, Metric], kinds: Collection[Kind]) -> None:
    """Raise BadRecipe for metrics that score answers where rows of these kinds have none."""
    answers = [name for name, metric in metrics.items() if metric.needs == "answer"]
    if answers and set(kinds) <= {"text"}:
        raise BadRecipe(
            f"The metrics {', '.join(answers)} score answers, but raw text has none. Measure perplexity."
        )


def fingerprint(recipe: Recipe) -> str:
    """Fingerprint what the recipe means: the same whether a default is written out or left out."""
    return hash_value(resolve(recipe).model_dump(mode="json"))


def diff(before: Recipe, after: Recipe) -> list[str]:
    """List what differs, a line each: `training.epochs: 3 -> 5`.

    Resolve both before, to see components' defaults too.
    """
    old, new = _flat(before.model_dump(mode="json")), _flat(after.model_dump(mode="json"))
    return [
        f"{place}: {old.get(place, 'absent')} -> {new.get(place, 'absent')}"
        for place in (*old, *(place for place in new if place not in old))
        if old.get(place) != new.get(place)
    ]


def _check_metrics(recipe: Recipe) -> None:
    names = [metric.name for metric in recipe.evaluation.metrics]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadRecipe(
            f"evaluation.metrics names {twice[0]} twice, so its value would be ambiguous. Keep one."
        )


def _checks(recipe: Recipe) -> dict[str, Check]:
    """Make every check there is, but those the recipe skips; raises for a name that no check has."""
    audit, known = recipe.data.audit, SLOTS["data", "audit", "checks"]
    for name in (*audit.skip, *audit.accept):
        known.load(name)
    chosen = {check.name: check for check in audit.checks}
    if both := sorted(chosen.keys() & set(audit.skip)):
        raise BadRecipe(f"data.audit skips {both[0]} and gives options for it. Remove one of the two.")
    return {
        name: known.build(name, chosen[name].options if name in chosen else {})
        for name in known.names()
        if name not in audit.skip
    }


def _make(keys: Keys, chosen: Selection) -> Any:
    return SLOTS[keys].build(chosen.name, chosen.options)


def _check_fit(recipe: Recipe, parts: Parts) -> None:
    if parts.exporter.needs_adapter and not parts.method.leaves_adapter:
        raise BadRecipe(
            f"export {recipe.export.name} needs a method that leaves an adapter, but method "
            f"{recipe.method.name} changes the weights themselves. Write export: merged."
        )
    if parts.exporter.needs_merge and not parts.method.merges:
        raise BadRecipe(
            f"export {recipe.export.name} needs a change that can be folded into the weights, but that of "
            f"method {recipe.method.name} cannot. Write export: adapter."
        )
    if recipe.success and recipe.data.split.test == 0:
        raise BadRecipe(
            "success is decided on the test split, but data.split.test is 0. Give it a share, such as 0.1."
        )
    check_metrics(parts.metrics, parts.objective.takes)


def _write_out(chosen: Selection, component: object) -> dict[str, Any]:
    options = TypeAdapter[Any](type(component)).dump_python(component, mode="json")
    return {"name": chosen.name, **options}


def _write_out_all(chosen: Sequence[Selection], components: Sequence[object]) -> list[dict[str, Any]]:
    return [_write_out(*pair) for pair in zip(chosen, components, strict=True)]


def _flat(content: Plain, above: str = "") -> dict[str, str]:
    """Give every value by its dotted path; an empty list or mapping is a value."""
    if not content or not isinstance(content, dict | list):
        return {above: content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)}
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    return {
        place: value
        for key, child in pairs
        for place, value in _flat(child, f"{above}.{key}" if above else str(key)).items()
    }
