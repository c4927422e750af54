"""The data report as one page, for the people who know the data: what was found, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tunesmith.core.audit import Finding
from tunesmith.core.ledger import Ledger
from tunesmith.pages.markup import digest, style, template

MOST_BARS = 12
"""How many amounts a chart shows; the others are counted."""

MARKED = "label_proof"
"""The check that marks what is learned; elsewhere, two brackets are a part of the row."""


@dataclass(frozen=True)
class DataPage:
    """Everything the page says; `accepted` are the checks whose findings the recipe accepts."""

    title: str
    reads_as: str
    findings: Sequence[Finding]
    accepted: Sequence[str]
    ledger: Ledger
    checks: Sequence[str]
    skipped: Sequence[str]


def render_data(page: DataPage) -> str:
    """Write the page as HTML: one file, no script, nothing loaded from elsewhere, every text escaped."""
    from markupsafe import Markup  # comes with jinja2

    sheet = style()
    stops = [
        found for found in page.findings if found.severity == "stop" and found.check not in page.accepted
    ]
    warnings = [found for found in page.findings if found.severity == "warning"]
    return template("data.html").render(
        page={**vars(page), "findings": [_shown(found, page.accepted) for found in page.findings]},
        style=Markup(sheet),
        style_hash=digest(sheet),
        headline=_headline(len(stops), len(warnings)),
        summary=_summary(page.ledger),
        mood="stops" if stops else "not" if warnings else "promote",
    )


@dataclass(frozen=True)
class _Bar:
    """One amount of a chart; `width` in hundredths of the largest."""

    name: str
    width: float
    amount: str


@dataclass(frozen=True)
class _Shown:
    """A finding as the page shows it; `is_marked` says that brackets in examples mark what is learned."""

    title: str
    word: str
    mood: str
    sentence: str
    remedy: str
    rows: int
    examples: Sequence[str]
    bars: Sequence[_Bar]
    more_bars: int
    is_open: bool
    is_marked: bool


def _shown(finding: Finding, accepted: Sequence[str]) -> _Shown:
    is_accepted = finding.severity == "stop" and finding.check in accepted
    words = {"stop": "Stops", "warning": "Look at this", "note": "Good to know"}
    return _Shown(
        title=finding.check.replace("_", " ").capitalize(),
        word="Accepted" if is_accepted else words[finding.severity],
        mood="accepted" if is_accepted else finding.severity,
        sentence=finding.sentence,
        remedy=finding.remedy,
        rows=max(finding.rows, len(finding.examples)),
        examples=finding.examples,
        bars=_bars(finding.chart),
        more_bars=max(0, len(finding.chart) - MOST_BARS),
        is_open=finding.severity == "stop",
        is_marked=finding.check == MARKED,
    )


def _bars(chart: Mapping[str, float]) -> list[_Bar]:
    largest = max((abs(amount) for amount in chart.values()), default=0) or 1
    return [
        _Bar(
            name, round(100 * abs(amount) / largest, 1), f"{amount:,.4g}" if amount % 1 else f"{amount:,.0f}"
        )
        for name, amount in list(chart.items())[:MOST_BARS]
    ]


def _headline(stops: int, warnings: int) -> str:
    if stops:
        return (
            f"{stops:,} {'finding stops' if stops == 1 else 'findings stop'} this data from being trained on"
        )
    if warnings:
        findings = "finding is" if warnings == 1 else "findings are"
        return f"The data can be trained on; {warnings:,} {findings} worth a look"
    return "The data can be trained on"


def _summary(ledger: Ledger) -> str:
    used = ", ".join(f"{count.rows:,} for {name}" for name, count in ledger.splits.items())
    dropped = sum(count.rows for count in ledger.dropped.values())
    return f"{ledger.rows_in:,} rows were read: {used}; {dropped:,} left out, each for a stated reason."
