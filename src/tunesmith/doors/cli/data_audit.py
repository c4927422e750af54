"""`tunesmith data audit`: what is in this data, and does anything speak against training on it?"""

import json
import os
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunesmith.core.audit import Finding
from tunesmith.core.errors import BadData, BadOption
from tunesmith.doors.cli.command import AsJson, Changes, command, say, show

if TYPE_CHECKING:
    from tunesmith.lifecycle.audit import Audited

MARKED = "label_proof"
"""The check that marks what is learned; elsewhere, two brackets are a part of the row."""

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

    if fix is not None:
        _mend(target, fix, changes or [])
        target = fix
    found = audit(target, changes or [], report, journal, say)
    lines = [found.reads_as, *found.account, "", *(line for one in found.findings for line in _lines(one))]
    show(lines, _value(found, report), as_json)
    say(f"Written for people: {report}")
    if found.stops:
        names = ", ".join(dict.fromkeys(finding.check for finding in found.stops))
        raise BadData(f"A run on this data would stop. To accept it as it is: data.audit.accept=[{names}]")


def _mend(path: Path, target: Path, changes: list[str]) -> None:
    """Write a clean copy, and beside it a line for everything that was changed.

    What the copy must be read without a bad row by is the source as the changes have it.
    """
    from tunesmith.data.mend import mend
    from tunesmith.lifecycle.annotate_options import parsed, source_of

    said = parsed([one.removeprefix("data.") for one in changes if one.startswith("data.source.")])

    listed = target.with_name(f"{target.stem}.changes.jsonl")
    if listed.exists():
        raise BadOption(f"{listed} exists already, and nothing is overwritten. Choose another name.")
    if not target.parent.is_dir():
        raise BadOption(f"There is no folder {target.parent} for the copy. Make it, or choose another.")
    try:
        with listed.open("x", encoding="utf-8") as out:
            mended = mend(
                path,
                target,
                lambda change: out.write(f"{json.dumps(change._asdict())}\n"),
                lambda file: source_of(file, dict(said)),
            )
    except BaseException:  # whatever stopped it, a list without its copy would stand in the way next time
        listed.unlink(missing_ok=True)
        raise
    kept = f"{mended.kept:,} {'row' if mended.kept == 1 else 'rows'} kept"
    aside = f", {mended.set_aside:,} set aside in {mended.aside}" if mended.aside else ""
    say(f"{target}: {kept}{aside}. What was changed: {listed}")
    for what, number in mended.changes.most_common():
        say(f"  {what}: {number:,}")


def _value(found: "Audited", report: Path) -> dict[str, Any]:
    return {
        "reads_as": found.reads_as,
        "ledger": found.ledger,
        "findings": [asdict(finding) for finding in found.findings],
        "stops": [finding.check for finding in found.stops],
        "report": str(report),
    }


def _lines(finding: Finding) -> list[str]:
    said = [f"{WORDS[finding.severity]}  {finding.check}: {finding.sentence}"]
    shown = [example.replace("\n", "\u23ce ") for example in finding.examples[:3]]
    said += [f"      {coloured(example) if finding.check == MARKED else example}" for example in shown]
    if finding.remedy:
        said.append(f"      Remedy: {finding.remedy}")
    return said


def coloured(example: str) -> str:
    """Show what is learned of a row in green; without colours the marks stay."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return example
    return re.sub(r"\[\[(.*?)\]\]", "\x1b[32m\\1\x1b[0m", example, flags=re.DOTALL)
