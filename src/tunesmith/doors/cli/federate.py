"""`tunesmith federate`: average what several runs learned, without their data."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.doors.cli.command import AsJson, command, say, show


@command("federate")
def federate(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN_FOLDER...", help="Finished runs of one base.")],
    out: Annotated[Path, typer.Option(help="The folder of the new package; it must not exist yet.")],
    as_json: AsJson = False,
) -> None:
    """Average the LoRA adapters of several runs, without their data.

    The average is exact, and each run weighs as much as it has trained tokens. Of each run folder only
    package/, ledger.json and recipe.yaml are read: rows stay where they are.
    """
    from tunesmith.lifecycle.federate import federate as average

    federated = average(runs, out)
    parties = [
        {"folder": str(party.folder), "tokens": party.adapter.trained, "share": share, "rank": party.rank}
        for party, share in zip(federated.parties, federated.shares, strict=True)
    ]
    for note in federated.notes:
        say(f"warning: {note}")
    lines = [
        f"{one['share']:.1%}  {one['tokens']:,} tokens, rank {one['rank']}  {one['folder']}"
        for one in parties
    ]
    lines += [
        "",
        f"package:   {out} (rank {federated.rank})",
        f"evaluate:  tunesmith evaluate {shlex.quote(str(out))} DATA",
    ]
    show(lines, {"package": str(out), "rank": federated.rank, "parties": parties}, as_json)
