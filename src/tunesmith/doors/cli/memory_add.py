"""`tunesmith memory add`: remember more rows beside a package, without training."""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunesmith.doors.cli.command import AsJson, command, say, show

if TYPE_CHECKING:
    from tunesmith.lifecycle.update_memory import Updated

FromPackage = Annotated[
    Path, typer.Argument(metavar="PACKAGE", help="A package with a memory; it stays as it is.")
]
To = Annotated[Path, typer.Option(help="The folder of the new package; it must not exist yet.")]


@command("memory add")
def memory_add(
    package: FromPackage,
    data: Annotated[Path, typer.Argument(help="A file of rows, or a recipe whose source is read.")],
    to: To,
    replace: Annotated[
        bool, typer.Option(help="Rows take the place of those that have their names and say something else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a package that remembers more rows, without training; what is there is not kept twice.

    Rows are read as the package's objective says and kept as they are: no cleaner is applied. The new package
    is loaded by a fresh process and held against the model that was trained.
    """
    from tunesmith.lifecycle.update_memory import add

    tell(add(package, data, to, replaces=replace), as_json)


def tell(updated: "Updated", as_json: bool) -> None:
    """Show what became of every memory, and where the new package is."""
    for note in updated.notes:
        say(note)
    folder = updated.package.folder
    lines = [
        *(one.sentence for one in updated.memories),
        "",
        f"package:   {folder}",
        f"evaluate:  tunesmith evaluate {shlex.quote(str(folder))} DATA",
    ]
    value: dict[str, Any] = {
        "package": str(folder),
        "memories": [asdict(one) for one in updated.memories],
        "missing": list(updated.missing),
        "notes": list(updated.notes),
    }
    show(lines, value, as_json)
