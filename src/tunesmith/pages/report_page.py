"""The report as one page: a self-contained HTML file that needs no network, for people who decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tunesmith.core.cards import Step, Validation
from tunesmith.core.figures import places, span, write
from tunesmith.core.ledger import Ledger
from tunesmith.core.report import Interval, MetricResult, Report
from tunesmith.pages.chart import WIDTHS, Bars, interval_bars, loss_chart, rate_chart
from tunesmith.pages.markup import digest, style, template

HEADLINES = {
    "promote": "Promote the tuned model",
    "keep the base": "Keep the base model",
    "not enough data to tell": "Not enough data to tell",
}


@dataclass(frozen=True)
class Page:
    """Everything the page says, as plain values.

    `facts` is shown in its order; a value between backticks is shown as something to type.
    """

    title: str
    goal: str
    report: Report
    ledger: Ledger
    steps: Sequence[Step]
    validations: Sequence[Validation]
    best_step: int | None
    facts: Mapping[str, str]


def render(page: Page) -> str:
    """Write the page as HTML: one file, no script, nothing loaded from elsewhere, every text escaped."""
    from markupsafe import Markup  # comes with jinja2

    sheet = style()
    return template("report.html").render(
        page=page,
        style=Markup(sheet),
        style_hash=digest(sheet),
        headline=HEADLINES[page.report.verdict],
        mood=page.report.verdict.split()[0],
        metrics=[_line(result) for result in page.report.metrics],
        criteria=[(one, _figures(one.evidence)) for one in page.report.criteria],
        loss={
            size: loss_chart(page.steps, page.validations, page.best_step, w) for size, w in WIDTHS.items()
        },
        rate={size: rate_chart(page.steps, width) for size, width in WIDTHS.items()},
    )


@dataclass(frozen=True)
class _Figures:
    """An interval as people read it."""

    value: str
    span: str


@dataclass(frozen=True)
class _Line:
    """One metric's row of the table."""

    metric: str
    direction: str
    base: _Figures
    tuned: _Figures
    gain: _Figures
    bars: Bars


def _line(result: MetricResult) -> _Line:
    return _Line(
        metric=result.metric,
        direction="higher is better" if result.higher_is_better else "lower is better",
        base=_figures(result.base),
        tuned=_figures(result.tuned),
        gain=_figures(result.gain, signed=True),
        bars=interval_bars(result),
    )


def _figures(interval: Interval, *, signed: bool = False) -> _Figures:
    digits = places(interval)
    return _Figures(write(interval.value, digits, signed=signed), span(interval, digits, signed=signed))
