"""`tunesmith runs`: what was run, and how it ended."""

import shlex
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
    from tunesmith.lifecycle.history import history, searches

    found = history(folder)
    lines = [
        f"{one.folder}  {one.step}/{one.steps} steps  {_loss(one.validation_loss)}  {one.state}"
        for one in found
    ]
    lines += [f"{one}  a search; its trials: tunesmith runs {_quoted(one)}" for one in searches(folder)]
    show(lines or [_nothing(folder)], [asdict(one) for one in found], as_json)


def _loss(loss: float | None) -> str:
    return "no validation" if loss is None else f"validation loss {loss:.4f}"


def _nothing(folder: Path) -> str:
    """Say what a folder without runs is, and what to do next."""
    from tunesmith.lifecycle.run_folder import SEARCH, STARTED

    here, above = _quoted(folder), _quoted(folder.parent)
    if not folder.exists():
        return f"There is no folder {folder} yet. Begin a run with: tunesmith run RECIPE --runs {here}"
    if not folder.is_dir():
        return f"{folder} is a file. List the runs beside it with: tunesmith runs {above}"
    if (folder / SEARCH).is_file():
        return f"{folder} is a search without a trial yet. Go on with: tunesmith search --resume {here}"
    if (folder / STARTED).is_file():
        return f"{folder} is a run itself. List it with: tunesmith runs {above}"
    return f"There are no runs in {folder} yet. Begin one with: tunesmith run RECIPE --runs {here}"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
