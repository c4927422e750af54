"""`tunesmith data audit`: what is in this data, and does anything speak against training on it?"""

import os
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.core.audit import Finding
from tunesmith.core.errors import BadData
from tunesmith.doors.cli.command import AsJson, Changes, command, say, show

WORDS = {"stop": "STOP", "warning": "warning", "note": "note"}


@command("data audit")
def data_audit(
    target: Annotated[Path, typer.Argument(help="A recipe, a data file, or a folder of documents.")],
    changes: Changes = None,
    report: Annotated[Path, typer.Option(help="Where the page for people is written, with charts.")] = Path(
        "data_report.html"
    ),
    journal: Annotated[
        Path | None, typer.Option(help="Write a line for every row that was dropped, changed, cut or made.")
    ] = None,
    fix: Annotated[
        Path | None, typer.Option(help="Write a clean copy of the file here first, and audit that.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Audit data: duplicates, leaks between splits, personal data, labels, lengths, what is learned.

    Ends with 3 if something speaks against training on it that the recipe does not accept by name.
    """
    from tunesmith.lifecycle.audit import audit
    from tunesmith.lifecycle.mend import mend

    if fix is not None:
        for sentence in mend(target, fix):
            say(sentence)
        target = fix
    found = audit(target, changes or [], report, journal, say)
    lines = [found.reads_as, *found.account, ""]
    for finding in found.findings:
        lines += _lines(finding)
    value = {
        "reads_as": found.reads_as,
        "ledger": found.ledger,
        "findings": [asdict(finding) for finding in found.findings],
        "stops": [finding.check for finding in found.stops],
        "report": str(report),
    }
    show(lines, value, as_json)
    say(f"Written for people: {report}")
    if found.stops:
        names = ", ".join(dict.fromkeys(finding.check for finding in found.stops))
        raise BadData(f"A run on this data would stop. To accept it as it is: data.audit.accept=[{names}]")


def _lines(finding: Finding) -> list[str]:
    said = [f"{WORDS[finding.severity]}  {finding.check}: {finding.sentence}"]
    said += [f"      {_coloured(example)}" for example in finding.examples[:3]]
    if finding.remedy:
        said.append(f"      Remedy: {finding.remedy}")
    return said


def _coloured(example: str) -> str:
    """Show what is learned of a row in green, where the terminal has colours; elsewhere the marks stay."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return example
    return re.sub(r"\[\[(.*?)\]\]", "\x1b[32m\\1\x1b[0m", example, flags=re.DOTALL)
