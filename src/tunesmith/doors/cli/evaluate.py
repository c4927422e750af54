"""`tunesmith evaluate`: is a package better than its base on rows it has never seen?"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.doors.cli.command import AsJson, command, show

Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", help="A metric; give it once for each. Unset: those of the package's run."),
]
MaxRows = Annotated[
    int | None, typer.Option(min=1, help="Rows that are answered, at most. Unset: as in the package's run.")
]
MaxTokens = Annotated[
    int | None, typer.Option(min=1, help="Longest answer in tokens. Unset: as in the package's run.")
]
Against = Annotated[
    Path | None, typer.Option(help="Another package, to stand in the place of the base. Unset: the base.")
]


@command("evaluate")
def evaluate(  # noqa: PLR0913, PLR0917  # each is an option on the command line
    package: Annotated[Path, typer.Argument(help="A package.")],
    data: Annotated[Path, typer.Argument(help="A file of rows that were not used to make it.")],
    metric: Metrics = None,
    max_rows: MaxRows = None,
    max_tokens: MaxTokens = None,
    against: Against = None,
    as_json: AsJson = False,
) -> None:
    """Compare a package with its base, or with another, on new rows, with intervals and a verdict."""
    from tunesmith.doors.cli.outcome import report_lines
    from tunesmith.lifecycle.evaluate import evaluate as compare

    report = compare(package, data, metric or (), max_rows, max_tokens, against)
    show(report_lines(report), asdict(report), as_json)
