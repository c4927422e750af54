"""From what was observed in service to the next recipe, with its parent."""

from dataclasses import dataclass
from pathlib import Path

from tunesmith import recipe as recipes
from tunesmith.core.contracts import Trigger
from tunesmith.core.errors import BadRecipe
from tunesmith.core.registry import Registry
from tunesmith.core.service import Signal
from tunesmith.lifecycle.assemble import prepare_recipe
from tunesmith.lifecycle.monitor import open_existing
from tunesmith.lifecycle.run_folder import open_folder
from tunesmith.model.find import seen_from
from tunesmith.retraining.propose import propose


@dataclass(frozen=True)
class Proposed:
    """What was observed and, if that is reason enough, where the next recipe lies."""

    signal: Signal
    recipe: Path | None
    notes: tuple[str, ...]


def retrain(
    run: Path, traces: str, out: Path, minimum: int | None = None, trigger: str = "corrections"
) -> Proposed:
    """Propose the next recipe from a run and its model's corrections; writes nothing if nothing calls for it.

    `minimum` is an option of the trigger; unset, it is the trigger's own. `out` gets `recipe.yaml` and
    `rows.jsonl`. Raises UnknownName or BadOption for the trigger, and BadRecipe rather than overwrite what is
    there.
    """
    options = {} if minimum is None else {"minimum": minimum}
    judge = Registry("retraining.trigger", Trigger).build(trigger, options)
    folder = open_folder(run)
    store = open_existing(traces)
    observed = store.all()
    store.close()
    signal = judge.judge(observed)
    if not signal.fires:
        return Proposed(signal, None, ())
    page, rows = out / "recipe.yaml", out / "rows.jsonl"
    if page.exists() or rows.exists():
        raise BadRecipe(f"{out} already holds a proposal. Give another folder with --out.")
    started_in = folder.started_in
    prepared = prepare_recipe(folder.recipe, started_in)
    examples = [row for side in prepared.dataset.examples.values() for row in side if not row.made_by]
    base = seen_from(started_in, folder.recipe.base)  # the next recipe is for the folder we are in
    previous = folder.recipe.model_copy(update={"base": base})
    proposal = propose(previous, run.resolve().name, examples, observed, rows)
    out.mkdir(parents=True, exist_ok=True)
    rows.write_text("".join(f"{row}\n" for row in proposal.rows), encoding="utf-8", newline="\n")
    page.write_text(recipes.write(proposal.recipe), encoding="utf-8", newline="\n")
    return Proposed(signal, page, proposal.notes)
