"""The report as report.json, a format with a version: written once, readable for ever."""

import json
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tunesmith.core.errors import DamagedFile, TunesmithError
from tunesmith.core.registry import explain
from tunesmith.core.report import Report

FORMAT = 1


def dump(report: Report) -> str:
    """Write a report as JSON text, keys in the card's order, ending with a line break."""
    return json.dumps(asdict(report), indent=2, allow_nan=False) + "\n"


def load(text: str) -> Report:
    """Read what `dump` wrote; raises DamagedFile if it is anything else, TunesmithError if it is newer."""
    content = _parse(text)
    found = content.get("format")
    if isinstance(found, int) and found > FORMAT:
        raise TunesmithError(
            f"This report has format {found}, and this version of Tunesmith reads formats up to {FORMAT}. "
            "Update it: pip install --upgrade tunesmith"
        )
    try:
        report = TypeAdapter(Report).validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        raise DamagedFile(f"{explain(error, 'report', [])}. Evaluate the run again to rewrite it.") from None
    if json.loads(dump(report)) != content:
        raise DamagedFile("The report holds keys that its format does not have. Evaluate the run again.")
    return report


def _parse(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise DamagedFile(f"The report is not JSON: {error}. Evaluate the run again to rewrite it.") from None
    if not isinstance(content, dict):
        raise DamagedFile("The report is not a JSON object. Evaluate the run again to rewrite it.")
    return content
