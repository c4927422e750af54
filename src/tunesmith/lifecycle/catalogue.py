"""What there is to choose from, told by the components themselves."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from inspect import getdoc
from typing import Any, get_type_hints

from pydantic.fields import FieldInfo

from tunesmith.core.contracts import (
    Augmenter,
    Backend,
    Check,
    Cleaner,
    Exporter,
    Method,
    Metric,
    Objective,
    Source,
    Trigger,
)
from tunesmith.core.registry import Registry

ROOMS: Mapping[str, Registry[Any]] = {
    "sources": Registry("data.source", Source),
    "cleaners": Registry("data.cleaner", Cleaner),
    "augmenters": Registry("data.augmenter", Augmenter),
    "checks": Registry("data.check", Check),
    "methods": Registry("method", Method),
    "objectives": Registry("objective", Objective),
    "metrics": Registry("evaluation.metric", Metric),
    "exporters": Registry("export.exporter", Exporter),
    "backends": Registry("generation.backend", Backend),
    "triggers": Registry("retraining.trigger", Trigger),
}


@dataclass
class Component:
    """One component: its name, what it does in a sentence, and its options with their defaults."""

    name: str
    sentence: str
    options: dict[str, str]


def catalogue() -> dict[str, list[Component]]:
    """Describe every component of every room, plug-ins included."""
    return {kind: [_describe(room, name) for name in room.names()] for kind, room in ROOMS.items()}


def _describe(room: Registry[Any], name: str) -> Component:
    kind = room.load(name)
    hints = get_type_hints(kind, include_extras=True)
    options: dict[str, str] = {}
    for field in fields(kind):
        notes = [n for n in _notes(hints[field.name]) if isinstance(n, FieldInfo)]
        description = next((note.description for note in notes if note.description), "")
        options[field.name] = f"{description} ({_default(field)})".strip()
    return Component(name, (getdoc(kind) or "").splitlines()[0], options)


def _default(field: Field[Any]) -> str:
    if field.default is not MISSING:
        return f"default {field.default!r}"
    return "required" if field.default_factory is MISSING else f"default {field.default_factory()!r}"


def _notes(hint: Any) -> tuple[Any, ...]:
    return hint.__metadata__ if "__metadata__" in dir(hint) else ()
