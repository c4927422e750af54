"""Packages whose models remember rows, as a run leaves them, and what is in their memories."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trained_models import train_two_steps
from tunesmith import recipe as recipes
from tunesmith.core.recipe import Recipe
from tunesmith.export import package as packages
from tunesmith.export.facts import Facts
from tunesmith.lifecycle.assemble import Prepared, prepare_recipe
from tunesmith.lifecycle.memories import made_with, remember
from tunesmith.lifecycle.run_folder import now

Rows = list[dict[str, str]]
NEIGHBOURS = {"name": "neighbours", "k": 4, "weight": 0.3, "temperature": 10.0}
ACCEPTED = ["near_duplicates", "exact_duplicates", "contamination", "triggers", "outliers"]


def orders(*numbers: int) -> Rows:
    """Give rows about orders, each of its own length."""
    return [
        {"prompt": f"Where is order {n}?", "completion": f"Order {n} is {'very ' * (n % 3)}late."}
        for n in numbers
    ]


def write_rows(path: Path, rows: Rows) -> Path:
    """Write rows as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def make_package(
    folder: Path, base: Path, rows: Rows, memory: Sequence[Any] = (NEIGHBOURS, "retrieval"), **parts: Any
) -> Path:
    """Write a package of a LoRA after two steps that remembers rows, and give its folder."""
    prepared = _prepared(write_rows(folder / "run.jsonl", rows), base, memory, parts)
    model = train_two_steps(prepared.parts.method.apply(prepared.model(), prepared.recipe.seed))
    recalled, _ = remember(model, prepared.parts.memories, prepared.dataset, folder / "memory")
    facts = Facts(
        recipe=prepared.recipe,
        recipe_fingerprint="ab" * 32,
        versions={},
        created=now(),
        ledger=prepared.dataset.ledger,
        made_with=made_with(model),
    )
    packages.write(
        recalled if memory else model,
        prepared.parts.method,
        prepared.parts.exporter,
        folder / "package",
        facts,
    )
    return folder / "package"


def arrays(package: Path, number: int = 0) -> dict[str, bytes]:
    """Give every array of one of a package's memories; what its rows are called is left out."""
    (version,) = (package / "memory" / str(number)).glob("version-*")
    return {
        path.name: path.read_bytes()
        for path in version.iterdir()
        if path.name not in ("manifest.json", "rows.jsonl")
    }


def _prepared(rows: Path, base: Path, memory: Sequence[Any], parts: dict[str, Any]) -> Prepared:
    recipe = Recipe.model_validate(
        {
            "name": "orders",
            "goal": "Know the orders.",
            "base": str(base),
            "data": {
                "source": {"name": "jsonl", "path": str(rows)},
                "audit": {"accept": ACCEPTED},
                "split": parts.pop("split", {"validation": 0, "test": 0}),
            },
            "method": {"name": "lora", "rank": 4},
            "memory": list(memory),
            **parts,
        }
    )
    return prepare_recipe(recipes.resolve(recipe))
