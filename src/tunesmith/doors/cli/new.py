"""`tunesmith new`: a starter recipe for a data file."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.doors.cli.command import AsJson, command, show


@command("new")
def new(
    data: Annotated[Path, typer.Argument(help="A file of rows or text: .jsonl, .csv, .tsv, .txt or .md.")],
    recipe: Annotated[Path, typer.Option(help="The file to write; it must not exist yet.")] = Path(
        "recipe.yaml"
    ),
    base: Annotated[str | None, typer.Option(help="The base: tiny, a folder, or a hub id.")] = None,
    goal: Annotated[str | None, typer.Option(help="What the model should do better, in a sentence.")] = None,
    as_json: AsJson = False,
) -> None:
    """Look at a data file and write a commented recipe for it.

    The recipe can be checked and run as it is; its goal is worth a sentence of your own.
    """
    from tunesmith.lifecycle.new import draft, write

    found = draft(data, base, goal)
    write(found, recipe)
    following = f"tunesmith check {shlex.quote(str(recipe))}"
    lines = [found.reads_as, *found.notes, f"written:  {recipe}"]
    if not found.has_own_goal:
        lines.append(f"fill in:  goal, which is now {found.recipe.goal!r}")
    lines.append(f"next:     {following}")
    value = {"recipe": str(recipe), "kind": found.kind, "reads_as": found.reads_as, "notes": found.notes}
    show(lines, {**value, "next": following}, as_json)
