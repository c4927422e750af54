"""The run's page for people: report.html, made from what the run folder holds."""

import shlex
from pathlib import Path

from tunesmith.core.cards import Model, Step, Validation
from tunesmith.core.report import Report
from tunesmith.lifecycle.assemble import Prepared
from tunesmith.lifecycle.run_folder import RunFolder
from tunesmith.pages.report_page import Page, render


def write_page(folder: RunFolder, prepared: Prepared, report: Report, model: Model) -> Path:
    """Write report.html into the run folder and give its path."""
    events = folder.events()
    validations = [event for event in events if isinstance(event, Validation)]
    after_steps = [one for one in validations if one.step]
    best = min(after_steps, key=lambda one: one.loss, default=None)
    page = Page(
        title=prepared.recipe.name,
        goal=prepared.recipe.goal,
        report=report,
        ledger=prepared.dataset.ledger,
        steps=[event for event in events if isinstance(event, Step)],
        validations=validations,
        best_step=best.step if best else None,
        facts=_facts(folder, prepared, model),
    )
    return folder.write_text("report.html", render(page))


def _facts(folder: RunFolder, prepared: Prepared, model: Model) -> dict[str, str]:
    recipe = prepared.recipe
    locked = folder.read_json("lock.json")
    assert locked is not None  # it was written before the first step
    counts = [(p.numel(), p.requires_grad) for p in model.network.parameters()]
    changed = sum(count for count, changes in counts if changes)
    machine = locked["machine"]
    package = shlex.quote(str(folder.package))
    processor = f"{machine['system']} {machine['processor']}, {machine['threads']} threads"
    return {
        "Base": f"{recipe.base} ({sum(count for count, _ in counts):,} parameters, {model.licence})",
        "Method": f"{recipe.method.name}: {changed:,} parameters trained",
        "Objective": recipe.objective.name,
        "Seed": str(recipe.seed),
        "Finished": folder.clock().strftime("%d %B %Y, %H:%M UTC"),
        "Machine": f"{processor}, {machine['device']}",
        "Versions": ", ".join(f"{name} {number}" for name, number in locked["versions"].items()),
        "Run folder": f"`{folder.path}`",
        "Talk to it": f"`tunesmith chat {package}`",
        "Serve it": f"`tunesmith serve {package}`",
    }
