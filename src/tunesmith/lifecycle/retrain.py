"""From what was observed in service to the next recipe, with its parent."""

from dataclasses import dataclass
from pathlib import Path

from tunesmith import recipe as recipes
from tunesmith.core.cards import Signal
from tunesmith.core.contracts import Trigger
from tunesmith.core.errors import BadRecipe
from tunesmith.core.registry import Registry
from tunesmith.lifecycle.assemble import prepare_recipe
from tunesmith.lifecycle.monitor import open_existing
from tunesmith.lifecycle.run_folder import open_folder
from tunesmith.retraining.propose import propose


@dataclass(frozen=True)
class Proposed:
    """What was observed and, if that is reason enough, where the next recipe lies."""

    signal: Signal
    recipe: Path | None
    notes: tuple[str, ...]


def retrain(run: Path, traces: str, out: Path, minimum: int) -> Proposed:
    """Propose the next recipe from a run and its model's corrections; writes nothing if there are too few.

    `out` gets `recipe.yaml` and `rows.jsonl`; raises BadRecipe rather than overwrite what is there.
    """
    folder = open_folder(run)
    store = open_existing(traces)
    observed = store.all()
    store.close()
    signal = (
        Registry("retraining.trigger", Trigger).build("corrections", {"minimum": minimum}).judge(observed)
    )
    if not signal.fires:
        return Proposed(signal, None, ())
    page, rows = out / "recipe.yaml", out / "rows.jsonl"
    if page.exists() or rows.exists():
        raise BadRecipe(f"{out} already holds a proposal. Give another folder with --out.")
    examples = [row for side in prepare_recipe(folder.recipe).dataset.examples.values() for row in side]
    proposal = propose(folder.recipe, run.resolve().name, examples, observed, rows)
    out.mkdir(parents=True, exist_ok=True)
    rows.write_text("".join(f"{row}\n" for row in proposal.rows), encoding="utf-8", newline="\n")
    page.write_text(recipes.write(proposal.recipe), encoding="utf-8", newline="\n")
    return Proposed(signal, page, proposal.notes)
