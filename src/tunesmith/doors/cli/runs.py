"""`tunesmith runs`: what was run, and how it ended."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.doors.cli.command import AsJson, command, show


@command("runs")
def runs(
    folder: Annotated[Path, typer.Argument(help="The folder that holds all runs.")] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """List all runs: how far they came, their best validation loss, and their verdict."""
    from tunesmith.lifecycle.history import history

    found = history(folder)
    lines = [
        f"{one.folder}  {one.step}/{one.steps} steps  {_loss(one.validation_loss)}  {one.state}"
        for one in found
    ]
    show(lines or [f"No runs in {folder} yet."], [asdict(one) for one in found], as_json)


def _loss(loss: float | None) -> str:
    return "no validation" if loss is None else f"validation loss {loss:.4f}"
