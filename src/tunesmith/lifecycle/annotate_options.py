"""What is typed to open an annotation project: rows, settings, and what an audit doubts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from tunesmith import recipe as recipes
from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData, BadOption, BadRecipe
from tunesmith.core.example import Example, Kind
from tunesmith.core.registry import Registry, did_you_mean, explain
from tunesmith.data.annotation.project import TAKES, Settings, Work
from tunesmith.recipe.page import parse_value

RECIPES = (".yaml", ".yml")
MOST_LETTERS_OF_A_PATH = 250
_PLACE = re.compile(r"([^\"'`\t]+?):(\d+)(?: \(byte \d+\))?:?[ ,]*(.*)")


def parsed(options: Sequence[str]) -> dict[str, Any]:
    """Read options such as overlap=0.3; raises BadRecipe for what is none."""
    found: dict[str, Any] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not name.strip():
            raise BadRecipe(f"{option!r} is no option. Write name=value, for example overlap=0.3.")
        found[name.strip()] = parse_value(value, f"command line: {name}")
    return found


def source_of(path: Path, options: dict[str, Any]) -> Source:
    """Make the source that a file or a recipe stands for; takes its options out of those given."""
    given: dict[str, Any] = {}
    for name in [name for name in options if name.startswith("source.")]:
        *above, last = name.removeprefix("source.").split(".")
        holder = given
        for key in above:
            holder = holder.setdefault(key, {})
        holder[last] = options.pop(name)
    if path.suffix.lower() in RECIPES:
        chosen = recipes.read(path).data.source
        name, given = chosen.name, {**chosen.options, **given}
    else:
        name, given = given.pop("name", "file"), {"path": str(path), **given}
    return Registry("data.source", Source).build(name, given)


def doubts_of(path: Path | None) -> dict[str, str]:
    """Read which rows an audit doubts: its JSON, or text with a `file:line` and a reason on each line."""
    if path is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadOption(f"{path} cannot be read: {error}.") from None
    try:
        findings = json.loads(text)["findings"]
        lines = [f"{row}\t{one['check']}" for one in findings for row in one["examples"]]
    except (ValueError, KeyError, TypeError):
        lines = text.splitlines()
    found = [(place, line) for line in lines if (place := _PLACE.search(line))]
    if not found:
        raise BadData(f"{path} names no row. Write one per line, such as rows.csv:12.")
    return {
        f"{place[1].strip()}:{place[2]}": line.partition("\t")[2] or place[3].strip() or "named by an audit"
        for place, line in found
    }


def settings_of(
    options: Mapping[str, Any], before: Settings | None, source: Source | None, kind: Kind | None
) -> Settings:
    """Lay options over the settings there are, or over those that are usual for such rows.

    Raises BadOption for options that there are not or that do not fit.
    """
    known = list(Settings.model_fields)
    if unknown := [name for name in options if name not in known]:
        raise BadOption(f"There is no option {unknown[0]!r}.{did_you_mean(unknown[0], known)}")
    if before is None and kind is None:
        raise BadOption("Name a file of rows; the project has none yet: tunesmith data annotate rows.csv")
    content: dict[str, Any] = before.model_dump() if before else {"work": _usual(kind)}
    content |= {name: _read_if_file(name, value) for name, value in options.items()}
    _check_kind(content["work"], kind)
    if content["work"] == "labels" and not content.get("labels") and source and kind == "labels":
        labels = {label for row in source.read() if isinstance(row, Example) for label in row.labels}
        content["labels"] = sorted(labels)
    try:
        return Settings.model_validate_json(json.dumps(content))
    except ValidationError as error:
        first = error.errors()[0]  # one without a place is about several options at once
        said = explain(error, "", known) if first["loc"] else first["msg"].removeprefix("Value error, ")
        raise BadOption(said) from None


def _check_kind(work: str, kind: Kind | None) -> None:
    takes = next((kinds for name, kinds in TAKES.items() if name == work), None)
    if takes and kind and kind not in takes:
        raise BadOption(
            f"work={work} takes {' or '.join(takes)}, but this source gives {kind}. "
            f"For such rows there is work={' and work='.join(_fitting(kind))}."
        )


def _usual(kind: Kind | None) -> Work:
    return _fitting(kind)[0]


def _fitting(kind: Kind | None) -> list[Work]:
    """Give the work that can be done on such rows; raises BadOption where there is none."""
    found: list[Work] = [work for work, kinds in TAKES.items() if kind in kinds]
    if not found:
        raise BadOption(f"This source gives {kind}, and there is no work yet that annotates such rows.")
    return found


def _read_if_file(name: str, value: Any) -> Any:
    """Read guidelines and labels from a file where one is named: JSON, or a label per line."""
    if name == "labels" and isinstance(value, list):  # numbers have one spelling: that of JSON
        labels = cast(list[Any], value)
        return [label if isinstance(label, str) else json.dumps(label) for label in labels]
    if name not in ("guidelines", "labels") or not isinstance(value, str):
        return value
    path = Path(value)
    if name == "guidelines" and (len(value) > MOST_LETTERS_OF_A_PATH or not path.is_file()):
        return value
    try:
        text = path.read_text(encoding="utf-8")
        if name == "guidelines":
            return text
        return json.loads(text) if path.suffix == ".json" else [line for line in text.splitlines() if line]
    except (OSError, ValueError) as error:
        raise BadOption(f"{name}: {value:.80} cannot be read as a file: {error}.") from None


def check_fit(settings: Settings, before: Settings | None, kind: Kind | None, model: str | None) -> None:
    """Raise BadOption where settings, rows and model do not belong together."""
    if before and before.work != settings.work:
        raise BadOption(
            f"This project is for {before.work}. Name another with --project for {settings.work}."
        )
    if settings.work == "ranking" and kind == "conversations" and not model:
        raise BadOption("These rows have one answer each. Name a model that writes another: --model FOLDER.")
    if settings.work in ("labels", "ratings") and model:
        raise BadOption(f"--model writes answers; {settings.work} need none. Leave it out.")
