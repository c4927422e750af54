"""Lay changes from the command line over a recipe before it is checked.

A change is `path=value`: `training.epochs=1`, `data.source.path=a.csv`, `success.0.at_least=0.3`,
`evaluation.metrics=[bleu, rouge_l]`. Options belong to the component they were written for, so naming another
component (`method=full`, or `method.name=full`) starts it from its own defaults.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from tunesmith.core.errors import BadOption, BadRecipe
from tunesmith.core.recipe import Selection
from tunesmith.core.registry import did_you_mean
from tunesmith.recipe.page import parse_value
from tunesmith.recipe.slots import Keys, dotted, hint, is_list, is_section, registry_at, type_at


def override(content: Mapping[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """Give the recipe's plain values with every change made; what was given stays as it is.

    Raises BadRecipe for what is not a change, or undoes one before it; BadOption for a path that leads
    nowhere; UnknownName for options of a component that does not exist.
    """
    changed = deepcopy(dict(content))
    done: dict[Keys, str] = {}
    for change in changes:
        keys, value = _read(change)
        for before, earlier in done.items():
            if before[: len(keys)] == keys:
                raise BadRecipe(f"{change!r} undoes {earlier!r}, given before it. Give one of them.")
        _put(changed, keys, value)
        done[keys] = change
    return changed


def _read(change: str) -> tuple[Keys, Any]:
    path, equals, value = change.partition("=")
    keys: Keys = tuple(int(key) if key.isdecimal() else key for key in path.strip().split("."))
    if not equals or "" in keys:
        raise BadRecipe(f"{change!r} is not a change. Write path=value, for example training.epochs=1.")
    _require_known(keys)
    if keys[-1] == "name" and type_at(keys[:-1]) is Selection:
        keys = keys[:-1]
    return keys, parse_value(value, f"command line: {dotted(keys)}")


def _require_known(keys: Keys) -> None:
    for end in range(1, len(keys) + 1):
        above = type_at(keys[: end - 1])
        if is_section(above) and keys[end - 1] not in above.model_fields:
            raise BadOption(f"{dotted(keys)}: there is no such key.{hint(keys[:end])}")
        if is_list(above) and not isinstance(keys[end - 1], int):
            example = dotted((*keys[: end - 1], 0))
            raise BadOption(f"{dotted(keys)}: {dotted(keys[: end - 1])} is a list; begin with {example}.")
        if above is not Selection and not is_section(above) and not is_list(above) and above is not Any:
            raise BadOption(f"{dotted(keys)}: {dotted(keys[: end - 1])} is one value and has no parts.")


def _put(changed: dict[str, Any], keys: Keys, value: Any) -> None:
    holder: Any = changed
    for end in range(1, len(keys)):
        holder = _enter(holder, keys[:end])
    _require_room(holder, keys)
    if type_at(keys[:-1]) is Selection:
        _require_option(holder, keys)
    holder[keys[-1]] = value


def _enter(holder: Any, keys: Keys) -> Any:
    _require_room(holder, keys)
    key = keys[-1]
    if isinstance(key, str) and holder.get(key) is None:
        holder[key] = _default(keys)
    if type_at(keys) is Selection and _is(str, holder[key]):
        holder[key] = {"name": holder[key]}
    return holder[key]


def _require_room(holder: Any, keys: Keys) -> None:
    key, above = keys[-1], dotted(keys[:-1])
    if isinstance(key, str) and not _is(dict, holder):
        raise BadOption(f"{dotted(keys)}: {above} is {holder!r:.60}, which has no {key!r} to change.")
    entries = len(holder) if _is(list, holder) else 0
    if isinstance(key, int) and key >= entries:
        raise BadOption(
            f"{dotted(keys)}: {above} has {entries} entries, counted from 0. "
            f"Give the whole list: {above}=[...]."
        )


def _is(kind: type, value: object) -> bool:
    return isinstance(value, kind)


def _default(keys: Keys) -> Any:
    kind = type_at(keys)
    if kind is Any or is_section(kind):
        return {}
    default = type_at(keys[:-1]).model_fields[keys[-1]].default
    if is_list(kind):
        return [entry.model_dump() for entry in default]
    if isinstance(default, Selection):
        return default.model_dump()
    raise BadRecipe(
        f"The recipe names no {dotted(keys)} yet, so its options mean nothing. "
        f"Give it whole: {dotted(keys)}={{name: ..., ...}}."
    )


def _require_option(component: Any, keys: Keys) -> None:
    name = component.get("name")
    if not isinstance(name, str):
        raise BadRecipe(f"{dotted(keys[:-1])} has no name; give it whole: {dotted(keys[:-1])}={{name: ...}}.")
    known = registry_at(keys[:-1]).options(name)
    if keys[-1] not in known:
        hinted = did_you_mean(str(keys[-1]), known)
        raise BadOption(f"{dotted(keys)}: {name} has no such option.{hinted}")
