"""How a run ended, in words and as JSON."""

import shlex
from dataclasses import asdict
from typing import Any

from tunesmith.core.report import Report
from tunesmith.lifecycle.events import Finished


def to_lines(finished: Finished) -> list[str]:
    """Say the verdict, what it rests on, and what to do next."""
    package = shlex.quote(finished.package)
    return [
        *report_lines(finished.report),
        "",
        f"report:   {finished.page}",
        f"package:  {finished.package}",
        f"chat:     tunesmith chat {package}",
        f"serve:    tunesmith serve {package}",
    ]


def report_lines(report: Report) -> list[str]:
    """Put a report into lines: the verdict first, then base against tuned with intervals."""
    table = [("metric", "base", "tuned", "gain, 95 % interval")]
    for result in report.metrics:
        gain = result.gain
        span = f"{gain.value:+.4g}  [{gain.low:+.4g}, {gain.high:+.4g}]"
        table.append((result.metric, f"{result.base.value:.4g}", f"{result.tuned.value:.4g}", span))
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    rows = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in table]
    lines = [f"{row}  {cells[3]}" for row, cells in zip(rows, table, strict=True)]
    return [
        f"verdict: {report.verdict}",
        report.reason,
        "",
        *lines,
        *(f"note: {note}" for note in report.notes),
    ]


def to_json(finished: Finished) -> dict[str, Any]:
    """Give everything a program wants to know about how a run ended."""
    return {
        "folder": finished.folder,
        "package": finished.package,
        "page": finished.page,
        "report": asdict(finished.report),
    }
