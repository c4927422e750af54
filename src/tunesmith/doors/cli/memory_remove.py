"""`tunesmith memory remove`: forget rows, as if they had never been read."""

from pathlib import Path
from typing import Annotated

import typer

from tunesmith.doors.cli.command import AsJson, command, say
from tunesmith.doors.cli.memory_add import FromPackage, To, tell

Keys = Annotated[
    list[str] | None,
    typer.Option("--key", help="The name of a row, such as orders.jsonl:12; give it once for each."),
]
Sources = Annotated[
    list[str] | None,
    typer.Option("--source", help="A file whose rows are all removed; give it once for each."),
]


@command("memory remove")
def memory_remove(
    package: FromPackage,
    to: To,
    data: Annotated[
        Path | None, typer.Argument(help="A file of the rows, or a recipe whose source is read.")
    ] = None,
    key: Keys = None,
    source: Sources = None,
    as_json: AsJson = False,
) -> None:
    """Write a package that has forgotten rows; it answers as if its memory had never read them.

    Rows of a file are found by what they say, whatever they are called; what was made from one goes with it.
    What the weights learned stays in them, and the old package stays as it is.
    """
    from tunesmith.lifecycle.update_memory import remove

    updated = remove(package, to, data, key or (), source or ())
    for name in updated.missing:
        say(f"not remembered: {name}")
    tell(updated, as_json)
