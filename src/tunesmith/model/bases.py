"""The catalogue of well-known bases: data in `bases.yaml`, checked, and a user's own in that form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tunesmith.core.errors import BadRecipe
from tunesmith.core.registry import explain
from tunesmith.core.task import Family
from tunesmith.model.shape import Biases, Shape

OWN_FILE = "bases.yaml"
PERMISSIVE = frozenset(("apache-2.0", "mit", "bsd-3-clause", "bsd-2-clause", "cc0-1.0", "cc-by-4.0"))
"""Licences under which a tuned model may be used for anything, and passed on, with the notices kept."""

Size = Annotated[int, Field(ge=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


T = TypeVar("T", bound=_Strict)


class Architecture(_Strict):
    """What all bases of one architecture share; `vllm` and `sglang` say whether they serve its adapters."""

    family: Family
    is_gated: bool
    biases: Biases
    vllm: bool | None = None
    sglang: bool | None = None


class Facts(_Strict):
    """What is known of one base; what is left out is not known, or is what is usual."""

    architecture: str
    released: Annotated[int, Field(ge=2017, le=2100)]
    parameters: Size
    layers: Size
    width: Size
    inner: Size
    heads: Size
    vocabulary: Size
    is_tied: bool
    context: Size
    kv_heads: Size | None = None
    head_width: Size | None = None
    experts: Size = 1
    active_experts: Size = 1
    shared_inner: Annotated[int, Field(ge=0)] = 0
    positions: Annotated[int, Field(ge=0)] = 0
    is_gated: bool | None = None
    stored: Literal["float32", "bfloat16", "float16"] | None = None
    licence: str | None = None
    access: Literal["open", "gated"] | None = None
    template: bool | None = None
    chat: str | None = None


@dataclass(frozen=True)
class Base:
    """A base of the catalogue by its hub id, with its sizes and what is known of its architecture."""

    name: str
    facts: Facts
    architecture: Architecture
    shape: Shape

    @property
    def is_permissive(self) -> bool:
        """May what is made of it be used for anything? Not where the licence is not known."""
        return self.facts.licence in PERMISSIVE


@dataclass(frozen=True)
class Bases:
    """Bases by hub id, and architectures by transformers' names."""

    architectures: Mapping[str, Architecture]
    bases: Mapping[str, Base]

    def with_others(self, content: Mapping[str, Any], place: Callable[[tuple[str, ...]], str]) -> Bases:
        """Add entries, or replace those of the same name; `place` says where each is written.

        Raises BadRecipe for an entry that lacks something, says something unknown, or contradicts itself.
        """
        for key in content:
            if key not in ("architectures", "bases"):
                raise BadRecipe(f"{place((key,))}: {key!r} is not known here. Give architectures or bases.")
        kinds = dict(self.architectures)
        for name, values in _entries(content, "architectures", place):
            kinds[name] = _checked(Architecture, values, place(("architectures", name)), name)
        bases = dict(self.bases)
        for name, values in _entries(content, "bases", place):
            where = place(("bases", name))
            bases[name] = _base(name, _checked(Facts, values, where, name), kinds, where)
        return Bases(kinds, bases)


NONE = Bases({}, {})
MOST_APART = 0.02
"""By how much stated parameters may differ from those that follow from the sizes."""


def bundled_page() -> tuple[str, str]:
    """Give the text of the bundled catalogue, and its name."""
    return (files("tunesmith.model") / OWN_FILE).read_text(encoding="utf-8"), OWN_FILE


def _entries(
    content: Mapping[str, Any], key: str, place: Callable[[tuple[str, ...]], str]
) -> list[tuple[str, Any]]:
    found = content.get(key, {})
    if not isinstance(found, dict):
        raise BadRecipe(f"{place((key,))}: {key} holds one entry per name, not {found!r:.40}.")
    return [(str(name), values) for name, values in found.items()]


def _checked(kind: type[T], values: Any, where: str, name: str) -> T:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise BadRecipe(f"{where}: {explain(error, name, list(kind.model_fields))}") from None


def _base(name: str, facts: Facts, kinds: Mapping[str, Architecture], where: str) -> Base:
    kind = kinds.get(facts.architecture)
    if kind is None:
        known = ", ".join(kinds)
        raise BadRecipe(f"{where}: {name}: no architecture is called {facts.architecture!r}. Known: {known}.")
    shape = Shape(
        family=kind.family,
        layers=facts.layers,
        width=facts.width,
        inner=facts.inner,
        heads=facts.heads,
        kv_heads=facts.kv_heads or facts.heads,
        head_width=facts.head_width or facts.width // facts.heads,
        vocabulary=facts.vocabulary,
        is_tied=facts.is_tied,
        is_gated=kind.is_gated if facts.is_gated is None else facts.is_gated,
        biases=kind.biases,
        experts=facts.experts,
        active_experts=facts.active_experts,
        shared_inner=facts.shared_inner,
        positions=facts.positions,
    )
    if abs(shape.parameters / facts.parameters - 1) > MOST_APART:
        raise BadRecipe(
            f"{where}: {name} is said to have {facts.parameters:,} parameters, but its sizes make about "
            f"{shape.parameters:,}. Check both."
        )
    return Base(name, facts, kind, shape)
