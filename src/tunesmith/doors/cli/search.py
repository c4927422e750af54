"""`tunesmith search`: try a recipe with every combination of some options, and keep the best."""

import math
import shlex
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunesmith.core.errors import BadOption, TunesmithError
from tunesmith.doors.cli.command import AsJson, command, say, show
from tunesmith.doors.cli.stop import stop_on_signals, telling_how_to_go_on

if TYPE_CHECKING:
    from tunesmith.lifecycle.events import Event
    from tunesmith.lifecycle.search import Outcome, Search
    from tunesmith.search.grid import Trial

GO_ON = "tunesmith search --resume"

Axes = Annotated[
    list[str] | None,
    typer.Argument(metavar="[AXIS=VALUE,VALUE]...", help="Options to vary, such as method.rank=8,16."),
]


@command("search")
def search(
    recipe: Annotated[Path | None, typer.Argument(help="The recipe, a YAML file.")] = None,
    axes: Axes = None,
    runs: Annotated[Path, typer.Option(help="The folder that holds all runs.")] = Path("runs"),
    resume: Annotated[Path | None, typer.Option(help="Go on with the search in this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run every combination of some options, choose by validation loss, and show the winner's verdict."""
    if (recipe is None) == (resume is None):
        raise BadOption("Give either a recipe with axes, or --resume FOLDER alone.")
    # Before anything heavy is imported: a Ctrl-C in the middle of that would end in a traceback.
    with stop_on_signals() as is_asked_to_stop:
        from tunesmith import recipe as recipes
        from tunesmith.lifecycle import search as searches

        found = (
            searches.reopen(resume)
            if resume is not None
            else searches.begin(recipes.read(recipe), axes or [], runs)  # type: ignore[arg-type]  # checked above
        )
        follow(found, searches.walk(found, is_asked_to_stop))
    outcome = searches.conclude(found)
    show(_lines(outcome), _value(outcome), as_json)
    if outcome.best is None:
        raise TunesmithError(
            "No trial came to an end. The messages above say why; mend that, then go on with: "
            f"{GO_ON} {shlex.quote(str(outcome.folder))}"
        )


def follow(found: "Search", events: "Iterable[Event | Trial]", go_on: str = GO_ON) -> None:
    """Tell what happens in the trials of a search; `go_on` is the command that goes on after a stop."""
    from tunesmith.core.cards import Validation
    from tunesmith.doors.cli.live import sentence
    from tunesmith.lifecycle.events import Warned
    from tunesmith.search.grid import Trial

    say(f"search: {found.folder.path}, {len(found.trials)} trials")
    with telling_how_to_go_on(go_on, found.folder.path):
        for event in events:
            if isinstance(event, Trial):
                say(f"trial {event.number} of {len(found.trials)} {event.state}: {_what(event)}")
            elif isinstance(event, Validation | Warned):
                say(f"  {sentence(event)}")


def _what(trial: "Trial") -> str:
    changes = " ".join(trial.changes)
    return f"{changes}: {trial.message}" if trial.message else changes


def _lines(outcome: "Outcome") -> list[str]:
    from tunesmith.doors.cli.outcome import report_lines

    width = max(len(" ".join(trial.changes)) for trial in outcome.trials)
    lines = [f"{'changes'.ljust(width)}  validation loss"]
    for trial in outcome.trials:
        mark = "  best" if trial is outcome.best else ""
        lines.append(f"{' '.join(trial.changes).ljust(width)}  {_loss(trial)}{mark}")
    if outcome.best is None or outcome.report is None:
        return lines
    folder = outcome.folder / str(outcome.best.folder)
    return [
        *lines,
        "",
        *report_lines(outcome.report),
        "",
        f"report:   {folder / 'report.html'}",
        f"package:  {folder / 'package'}",
    ]


def _loss(trial: "Trial") -> str:
    if trial.validation_loss is None or not math.isfinite(trial.validation_loss):
        return f"{trial.state}: {trial.message}" if trial.message else trial.state
    return f"{trial.validation_loss:.4f}"


def _value(outcome: "Outcome") -> dict[str, Any]:
    return {
        "folder": str(outcome.folder),
        "trials": [asdict(trial) for trial in outcome.trials],
        "best": None if outcome.best is None else asdict(outcome.best),
        "report": None if outcome.report is None else asdict(outcome.report),
    }
