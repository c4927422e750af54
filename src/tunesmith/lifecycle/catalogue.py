"""What there is to choose from, told by the components themselves."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from inspect import getdoc
from typing import Any, get_type_hints

from pydantic.fields import FieldInfo

from tunesmith.core.contracts import Backend, Exporter, Method, Metric, Objective, Source, Trigger
from tunesmith.core.registry import Registry

ROOMS: Mapping[str, Registry[Any]] = {
    "sources": Registry("data.source", Source),
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
        default = "required" if field.default is MISSING else f"default {field.default!r}"
        options[field.name] = f"{description} ({default})".strip()
    return Component(name, (getdoc(kind) or "").splitlines()[0], options)


def _notes(hint: Any) -> tuple[Any, ...]:
    return hint.__metadata__ if "__metadata__" in dir(hint) else ()
