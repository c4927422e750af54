"""The recipe's form as JSON Schema, so that editors complete and check what is written.

Draft 2020-12 (https://json-schema.org/draft/2020-12). `check` decides: a schema cannot say everything.
"""

from typing import Any, cast

from pydantic import TypeAdapter

from tunesmith.core.recipe import Recipe
from tunesmith.core.registry import Registry
from tunesmith.recipe.slots import SLOTS, Keys

Schema = dict[str, Any]


def schema() -> Schema:
    """Describe a recipe with every component there is, plug-ins included, and their options."""
    whole = Recipe.model_json_schema()
    parts = whole["$defs"]
    del parts["Selection"]
    for keys, registry in SLOTS.items():
        for name in registry.names():
            parts.update(_component(registry, name))
        _fill(whole, keys, _choice(registry, parts))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def _component(registry: Registry[Any], name: str) -> dict[str, Schema]:
    """Describe one component with its name beside its options, and what these refer to."""
    key = _key(registry, name)
    found = TypeAdapter(registry.load(name)).json_schema(ref_template=f"#/$defs/{key}.{{model}}")
    parts = {f"{key}.{inner}": form for inner, form in found.pop("$defs", {}).items()}
    parts[key] = {
        "title": name,
        "description": found["description"].splitlines()[0],
        "type": "object",
        "properties": {"name": {"const": name}, **found["properties"]},
        "required": ["name", *found.get("required", [])],
        "additionalProperties": False,
    }
    return parts


def _choice(registry: Registry[Any], parts: dict[str, Schema]) -> Schema:
    """Allow a bare name where no option is required, or a name with options."""
    keys = {name: _key(registry, name) for name in registry.names()}
    bare = [name for name, key in keys.items() if parts[key]["required"] == ["name"]]
    named: list[Schema] = [{"enum": bare}] if bare else []
    return {"oneOf": [*named, *({"$ref": f"#/$defs/{key}"} for key in keys.values())]}


def _fill(whole: Schema, keys: Keys, choice: Schema) -> None:
    """Put a choice where the card has a selection, or a list of them."""
    section = whole
    for key in keys[:-1]:
        (*_, name) = section["properties"][key]["$ref"].split("/")
        section = whole["$defs"][name]
    slot = cast(Schema, section["properties"][keys[-1]])
    holder = slot.get("items", slot)
    del holder["$ref"]
    holder.update(choice)


def _key(registry: Registry[Any], name: str) -> str:
    return f"{registry.room}.{name}"
