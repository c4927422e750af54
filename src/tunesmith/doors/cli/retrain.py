"""`tunesmith retrain`: from corrected answers to the next recipe."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.doors.cli.command import AsJson, command, show

Trigger = Annotated[
    str, typer.Option(help="What decides whether there is reason; `tunesmith list triggers` has all.")
]
Minimum = Annotated[
    int | None,
    typer.Option(help="How many are reason enough, for a trigger that counts; unset: what it says itself."),
]


@command("retrain")
def retrain(
    run: Annotated[Path, typer.Argument(help="The folder of the run whose model was served.")],
    traces: Annotated[str, typer.Option(help="The file or database URL that the server kept traces in.")],
    out: Annotated[Path, typer.Option(help="A folder for the next recipe and its rows.")] = Path("next"),
    trigger: Trigger = "corrections",
    minimum: Minimum = None,
    as_json: AsJson = False,
) -> None:
    """Propose the next recipe from what was corrected in service.

    Nothing is trained yet: the command that trains is shown.
    """
    from tunesmith.lifecycle.retrain import retrain as propose

    found = propose(run, traces, out, minimum, trigger)
    lines = [found.signal.sentence, *found.notes]
    if found.recipe:
        lines.append(f"next: tunesmith run {shlex.quote(str(found.recipe))}")
    value = {
        "fires": found.signal.fires,
        "sentence": found.signal.sentence,
        "recipe": str(found.recipe) if found.recipe else None,
        "notes": list(found.notes),
    }
    show(lines, value, as_json)
