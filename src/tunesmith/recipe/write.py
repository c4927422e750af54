"""Write a recipe as YAML that reads back equal, every key of the card explained beside it."""

import json
import re
import sys
from collections.abc import Iterator, Mapping

import yaml

from tunesmith.core.recipe import Recipe
from tunesmith.recipe.page import Plain
from tunesmith.recipe.slots import Keys, is_section, type_at

_BARE = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./()' -]*[A-Za-z0-9_./()])?")
"""Text that means itself without quotes, wherever it stands."""


def write(recipe: Recipe) -> str:
    """Give the recipe as YAML, the version of the format first; what is not resolved stays so."""
    content = recipe.model_dump(mode="json")
    content["success"] = [criterion.model_dump(exclude_none=True) for criterion in recipe.success]
    return "\n".join(_lines(content, ())) + "\n"


def _lines(content: Mapping[str, Plain], keys: Keys) -> Iterator[str]:
    indent = "  " * len(keys)
    for key, value in content.items():
        place = (*keys, key)
        comment = _comment(place)
        if isinstance(value, dict) and value:
            yield f"{indent}{_text(key)}:{comment}"
            yield from _lines(value, place)
        elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
            yield f"{indent}{_text(key)}:{comment}"
            yield from (f"{indent}  - {_flow(entry)}" for entry in value)
        else:
            yield f"{indent}{_text(key)}: {_flow(value)}{comment}"


def _comment(place: Keys) -> str:
    section = type_at(place[:-1])
    if not is_section(section):
        return ""
    return f"  # {section.model_fields[place[-1]].description}"


def _flow(value: Plain) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)}: {_flow(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(entry) for entry in value) + "]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    if _BARE.fullmatch(text) and yaml.safe_load(text) == text:  # `yes` is true to readers of YAML 1.1
        return text
    quoted = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=sys.maxsize)
    return quoted.rstrip("\n")
