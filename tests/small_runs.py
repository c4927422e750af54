"""What the tests of searches and federations need: a recipe on 40 rows, and runs that are quickly there."""

import json
from pathlib import Path

from trained_models import train_two_steps
from tunesmith import recipe as recipes
from tunesmith.core.recipe import Recipe
from tunesmith.data import ledger as ledgers
from tunesmith.export import package as packages
from tunesmith.export.facts import Facts
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.assemble import lock, prepare_recipe
from tunesmith.lifecycle.run_folder import RunFolder

PAGE = """
name: orders
goal: Tell customers where their order is.
base: {base}
data: {{source: {{name: file, path: {rows}}}, split: {{validation: 0.2, test: 0.2}}}}
method: {{name: lora, rank: 4}}
training: {{max_steps: 2, learning_rate: 1e-3, tokens_per_step: 256}}
"""


def write_rows(path: Path, count: int = 40) -> Path:
    """Write conversations about orders."""
    rows = [
        {"prompt": f"Where is order {n}?", "completion": f"Order {n} is on its way."} for n in range(count)
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def write_recipe(folder: Path, base: Path, count: int = 40) -> Path:
    """Write a recipe of two steps, and its rows beside it."""
    rows = write_rows(folder / "rows.jsonl", count)
    page = folder / "recipe.yaml"
    page.write_text(PAGE.format(base=json.dumps(str(base)), rows=json.dumps(str(rows))), encoding="utf-8")
    return page


def read_recipe(folder: Path, base: Path, *changes: str, count: int = 40) -> Recipe:
    """Give the recipe of two steps, resolved, with changes."""
    return recipes.resolve(recipes.read(write_recipe(folder, base, count), changes))


def make_run(folder: Path, base: Path, *changes: str, count: int = 40) -> RunFolder:
    """Leave what a run leaves that a federation reads, after two real steps on random tokens."""
    folder.mkdir(parents=True)
    prepared = prepare_recipe(read_recipe(folder, base, *changes, count=count))
    run = run_folder.create(prepared.recipe, folder)
    run.write_json("ledger.json", ledgers.to_json(prepared.dataset.ledger))
    model = prepared.model()
    locked = lock(prepared, model.fingerprint)
    facts = Facts(
        recipe=prepared.recipe,
        recipe_fingerprint=locked["recipe"],
        versions=locked["versions"],
        created=run.clock(),
        ledger=prepared.dataset.ledger,
    )
    tuned = train_two_steps(prepared.parts.method.apply(model, prepared.recipe.seed))
    packages.write(tuned, prepared.parts.method, prepared.parts.exporter, run.package, facts)
    return run
