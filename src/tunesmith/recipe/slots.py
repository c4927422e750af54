"""Which keys stand where in a recipe, and which components can fill its slots."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

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
from tunesmith.core.recipe import Recipe, Section, Selection
from tunesmith.core.registry import Registry, did_you_mean

Keys = tuple[str | int, ...]
"""A place in a recipe: `("success", 0, "metric")` is written `success.0.metric`."""

SLOTS: Mapping[Keys, Registry[Any]] = {
    ("data", "source"): Registry("data.source", Source),
    ("data", "clean"): Registry("data.cleaner", Cleaner),
    ("data", "augment"): Registry("data.augmenter", Augmenter),
    ("data", "audit", "checks"): Registry("data.check", Check),
    ("data", "audit", "against"): Registry("data.source", Source),
    ("method",): Registry("method", Method),
    ("objective",): Registry("objective", Objective),
    ("memory",): Registry("memory", Memory),
    ("evaluation", "metrics"): Registry("evaluation.metric", Metric),
    ("export",): Registry("export.exporter", Exporter),
}


def registry_at(keys: Keys) -> Registry[Any]:
    """Give the components that can stand at a place; a position in a list does not matter."""
    return SLOTS[tuple(key for key in keys if isinstance(key, str))]


def type_at(keys: Keys) -> Any:
    """Give the type at a place: a section, a selection, a tuple of either, or a plain type.

    Options are known to their component alone: below a selection everything is `Any`. Raises KeyError where
    the recipe has no such key.
    """
    found: Any = Recipe
    for key in keys:
        if found is Any or found is Selection:
            return Any
        if isinstance(key, int) == is_section(found):
            raise KeyError(key)
        found = get_args(found)[0] if isinstance(key, int) else found.model_fields[key].annotation
    return found


def is_section(kind: Any) -> bool:
    """Is this the type of a part of the recipe with keys of its own?"""
    return isinstance(kind, type) and issubclass(kind, Section)


def is_list(kind: Any) -> bool:
    """Is this a list of sections or selections?"""
    return any(part is Selection or is_section(part) for part in get_args(kind))


def hint(keys: Keys) -> str:
    """Say what may have been meant by an unknown key: one of its neighbours, or the same key elsewhere."""
    unknown = str(keys[-1])
    elsewhere = [repr(dotted(place)) for place in _places(Recipe) if place[-1] == unknown]
    if elsewhere:
        return f" Did you mean {' or '.join(elsewhere)}?"
    return did_you_mean(unknown, list(type_at(keys[:-1]).model_fields))


def dotted(keys: Sequence[str | int]) -> str:
    """Write a place the way it is written on the command line."""
    return ".".join(str(key) for key in keys)


def _places(section: type[Section], above: Keys = ()) -> Iterator[Keys]:
    for key, field in section.model_fields.items():
        yield (*above, key)
        if is_section(field.annotation):
            yield from _places(field.annotation, (*above, key))  # type: ignore[arg-type]  # is_section says so
