"""Methods that are made of others: how these are written in a recipe, and which of them go together."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, TypeAdapter, WithJsonSchema
from pydantic_core import PydanticCustomError

from tunesmith.core.contracts import Method
from tunesmith.core.registry import Registry

METHODS = Registry("method", Method)

BESIDE = frozenset(("dora", "ia3", "lora", "lora_plus", "oft", "qlora", "rslora", "vera"))
"""Methods that put something beside the weights, through peft: one of them at a time."""
BETWEEN = frozenset(("experts", "houlsby", "parallel", "pfeiffer"))
"""Methods that put layers between those of the network, or around them: one of them at a time."""
WITHIN = frozenset(("bitfit", "freeze"))
"""Methods that train weights that are already there."""

_APART = {
    "layer_norm": "it trains copies of norms: write {name: freeze, layers: [norm]} instead",
    "pissa": "it changes the weights of the base before anything is trained: write lora instead",
    "full": "it trains every weight already",
    "scratch": "it trains every weight already",
    "stack": "list all methods in one stack",
    "continued": "continue the package of the stack instead",
}


def build(value: Any) -> Method:
    """Make a method from its name and options, as they stand in a recipe."""
    if isinstance(value, Method):
        return value
    options = {"name": value} if isinstance(value, str) else value
    if not isinstance(options, dict) or not isinstance(options.get("name"), str):
        raise PydanticCustomError("method_form", "Write a method and its options: {name: lora, rank: 8}")
    name = options["name"]
    made = METHODS.build(name, {key: option for key, option in options.items() if key != "name"})
    if name not in BESIDE | BETWEEN | WITHIN:
        why = _APART.get(name, "what it learns is kept in a form that goes with no other")
        raise PydanticCustomError("method_apart", "{name} is not stacked: {why}", {"name": name, "why": why})
    return made


def check_together(methods: tuple[Method, ...]) -> tuple[Method, ...]:
    """Refuse methods that would be in each other's way."""
    names = [METHODS.name_of(method) for method in methods]
    if len(names) < 2:
        raise PydanticCustomError("method_alone", "List at least two methods, or write the one alone")
    for group in (BESIDE, BETWEEN):
        both = [name for name in names if name in group]
        if len(both) > 1:
            raise PydanticCustomError(
                "method_twice", "{one} and {other} change the same places", {"one": both[0], "other": both[1]}
            )
    if len(set(names)) < len(names):
        raise PydanticCustomError("method_twice", "A method is listed twice: give it once, with all options")
    if {"qlora", "freeze"} <= set(names):
        raise PydanticCustomError(
            "method_held", "qlora holds weights in so few bits that freeze cannot train them"
        )
    return methods


def _write(method: Method) -> dict[str, Any]:
    return {
        "name": METHODS.name_of(method),
        **TypeAdapter[Any](type(method)).dump_python(method, mode="json"),
    }


Chosen = Annotated[
    Method,
    PlainValidator(build),
    PlainSerializer(_write),
    WithJsonSchema({"type": ["string", "object"], "properties": {"name": {"type": "string"}}}),
]
"""A method and its options."""
