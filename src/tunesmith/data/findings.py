"""Look for what is worth knowing in rows that are ready, and keep what was found."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tunesmith.core.audit import Finding, Material, Severity
from tunesmith.core.contracts import Check
from tunesmith.core.errors import BadData, DamagedFile, MissingExtra
from tunesmith.core.example import Example
from tunesmith.core.registry import explain
from tunesmith.core.workers import in_order

ORDER: tuple[Severity, ...] = ("stop", "warning", "note")
"""From the worst to the mildest."""

MANY_ROWS = 20_000
"""From how many rows on it is worth having several processes look."""

ON_PURPOSE = 0.1
"""Where so large a share of rows has prompts with several answers, they are taken to be wanted."""

NAMED_ROWS = 3
"""How many rows a remedy names; more are in the report."""


def look(checks: Mapping[str, Check], material: Material, say: Callable[[str], None]) -> tuple[Finding, ...]:
    """Make every check, and give what they found, worst first.

    A check that needs a library which is not installed leaves a note that says so. Of many rows, several
    checks are made at a time.
    """
    names = list(checks)
    is_large = sum(map(len, material.rows.values())) >= MANY_ROWS
    made = in_order(
        lambda number: _look(names[number], checks, material), len(names), None if is_large else 1
    )
    found: list[Finding] = []
    for name in names:
        say(f"looking for {name.replace('_', ' ')}")
        found += next(made)
    return tuple(sorted(found, key=lambda finding: ORDER.index(finding.severity)))


def _look(name: str, checks: Mapping[str, Check], material: Material) -> list[Finding]:
    try:
        return checks[name].look(material)
    except MissingExtra as missing:
        return [Finding(name, "note", f"Not looked for: {missing}")]


def stopping(findings: Sequence[Finding], accepted: Sequence[str]) -> list[Finding]:
    """Give the findings that stop a run, those left out that the recipe accepts by name."""
    return [finding for finding in findings if finding.severity == "stop" and finding.check not in accepted]


def refuse(findings: Sequence[Finding], accepted: Sequence[str]) -> None:
    """Raise BadData where a finding stops the run; the message says what was found and both ways on."""
    stops = stopping(findings, accepted)
    if not stops:
        return
    names = ", ".join(dict.fromkeys((*accepted, *(finding.check for finding in stops))))
    raise BadData(
        "\n".join(
            [
                f"The audit of the data stops here, for {_reasons(len(stops))}:",
                *(line for finding in stops for line in _lines(finding)),
                f"Mend the data, or accept it as it is: data.audit.accept=[{names}].",
            ]
        )
    )


def describe(findings: Sequence[Finding], accepted: Sequence[str]) -> list[str]:
    """Say in a sentence each what was found that is more than a note, and how many notes there are."""
    said: list[str] = []
    for finding in findings:
        if finding.severity != "note":
            word = "Accepted" if finding.check in accepted and finding.severity == "stop" else "Audit"
            said.append(f"{word}, {finding.check}: {finding.sentence}")
    notes = sum(finding.severity == "note" for finding in findings)
    return said + ([f"Audit: {notes} {'note' if notes == 1 else 'notes'} more."] if notes else [])


def numbered(number: int, one: str, several: str = "") -> str:
    """Say how many there are, in words that agree: `1 row`, `2 rows`; `1 label is`, `2 labels are`."""
    return f"1 {one}" if number == 1 else f"{number:,} {several or f'{one}s'}"


def excluding(rows: Iterable[Example]) -> str:
    """Give the line of a recipe that leaves out some rows, the first ones written out."""
    names = [row.place.short for row in islice(rows, NAMED_ROWS)]
    return f"data.clean=[{{name: exclude, rows: [{', '.join(names)}]}}]"


def to_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Give findings as plain JSON types."""
    return _CARDS.dump_python(tuple(findings), mode="json")


def from_json(value: Any) -> tuple[Finding, ...]:
    """Read back what `to_json` gave; raises DamagedFile for anything else."""
    try:
        return _CARDS.validate_python(value)
    except ValidationError as error:
        raise DamagedFile(f"{explain(error, 'findings', [])}. Remove the file; it is made anew.") from None


def _reasons(number: int) -> str:
    return "one reason" if number == 1 else f"{number} reasons"


def _lines(finding: Finding) -> list[str]:
    remedy = [f"    Remedy: {finding.remedy}"] if finding.remedy else []
    return [f"  {finding.check}: {finding.sentence}", *(f"    {e}" for e in finding.examples), *remedy]


_CARDS = TypeAdapter(tuple[Finding, ...])
