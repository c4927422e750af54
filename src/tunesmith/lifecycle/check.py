"""Check a recipe without training: form, components, data, lengths, and what a run of it would do."""

from dataclasses import dataclass, field
from typing import Any

from tunesmith.core.recipe import Recipe
from tunesmith.data import ledger as ledgers
from tunesmith.data.findings import describe
from tunesmith.lifecycle.advise.advice import judge
from tunesmith.lifecycle.assemble import prepare_recipe


@dataclass(frozen=True)
class Checked:
    """A recipe that can be run: with every default written out, and what was found in its data.

    `here` says whether it fits this machine now, and how long it takes; measured anew every time.
    """

    recipe: Recipe
    steps: int
    sentences: tuple[str, ...]
    ledger: dict[str, Any]
    here: str = field(compare=False)


def check(recipe: Recipe) -> Checked:
    """Check everything that can be checked without weights; raises on the first thing that does not fit."""
    prepared = prepare_recipe(recipe)
    rhythm = prepared.rhythm
    sentences = (
        prepared.dataset.reads_as,
        *ledgers.describe(prepared.dataset.ledger),
        *describe(prepared.dataset.findings, recipe.data.audit.accept),
        f"{rhythm.steps} optimizer steps, a validation every {rhythm.validate_every}.",
    )
    account = ledgers.to_json(prepared.dataset.ledger)
    return Checked(prepared.recipe, rhythm.steps, sentences, account, judge(prepared).sentence)
