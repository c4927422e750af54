"""Read a recipe strictly: what is not understood is refused, with its line and what to write instead."""

import json
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tunesmith.core.errors import BadOption, BadRecipe
from tunesmith.core.recipe import Recipe, Selection
from tunesmith.recipe.override import override
from tunesmith.recipe.page import Page, parse
from tunesmith.recipe.slots import Keys, dotted, hint, registry_at, type_at

_EXAMPLES: dict[str | int, str] = {
    "name": "name: support-answers",
    "goal": "goal: Answer customers the way our support team does.",
    "data": "data: {source: {name: jsonl, path: rows.jsonl}}",
    "source": "source: {name: jsonl, path: rows.jsonl}",
    "metric": "metric: rouge_l",
}


def read(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe file, with changes such as `training.epochs=1` laid over it.

    Raises BadRecipe where the file cannot be read or lacks something, BadOption where a key or value in it is
    wrong. Names of components are not looked up yet: `resolve` does that.
    """
    return read_text(_text(path), str(path), changes)


def read_text(text: str, file: str = "recipe", changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe from YAML text; `file` is what messages call it. Raises as `read` does."""
    page = parse(text, file)
    content = override(page.content, changes)
    try:
        return Recipe.model_validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        details = error.errors()
    only_missing = all(detail["type"] == "missing" for detail in details)
    lines = "\n".join(_fault(page, content, detail) for detail in details)
    raise BadRecipe(lines) if only_missing else BadOption(lines)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        near = [str(file) for file in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        close = get_close_matches(str(path), near, n=1)
        guess = f" Did you mean {close[0]}?" if close else " `tunesmith new` writes one."
        raise BadRecipe(f"There is no recipe at {path}.{guess}") from None
    except UnicodeDecodeError as error:
        raise BadRecipe(f"{path} is not UTF-8 text: byte {error.start} cannot be read.") from None
    except OSError as error:
        raise BadRecipe(f"{path} cannot be read: {error.strerror}.") from None


def _fault(page: Page, content: Any, detail: ErrorDetails) -> str:
    keys, kind = detail["loc"], detail["type"]
    if kind == "missing":
        return _lack(page, keys)
    place = page.place(keys) if _at(content, keys) == _at(page.content, keys) else "command line"
    where = f"{place}: {dotted(keys)}".rstrip(": ")
    if kind == "extra_forbidden":
        return f"{where}: there is no such key.{hint(keys)}"
    if kind == "value_error":
        return f"{where}: {detail['msg'].removeprefix('Value error, ')}."
    return f"{where}: {detail['msg']} (found {detail['input']!r})."


def _lack(page: Page, keys: Keys) -> str:
    example = _EXAMPLES.get(keys[-1], f"{keys[-1]}: ...")
    if type_at(keys[:-1]) is Selection:
        example = f"name: {' | '.join(registry_at(keys[:-1]).names())}"
    under = f" under {dotted(keys[:-1])}" if keys[:-1] else ""
    return f"{page.place(keys)}: {dotted(keys)} is missing. Write{under}, for example:\n  {example}"


def _at(content: Any, keys: Keys) -> Any:
    for key in keys:
        try:
            content = content[key]
        except (KeyError, IndexError, TypeError):
            return None
    return content
