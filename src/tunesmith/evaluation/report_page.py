"""The report as one page: a self-contained HTML file that needs no network, for people who decide."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from tunesmith.core.cards import Interval, Ledger, MetricResult, Report, Step, Validation
from tunesmith.evaluation.chart import Bars, interval_bars, loss_chart, rate_chart
from tunesmith.evaluation.figures import places, span, write

if TYPE_CHECKING:
    from jinja2 import Template

WIDTHS = {"wide": 760, "narrow": 360}
"""Each chart is drawn twice, so that its letters have the same size on a desk and on a phone."""

HEADLINES = {
    "promote": "Promote the tuned model",
    "keep the base": "Keep the base model",
    "not enough data to tell": "Not enough data to tell",
}

# Control characters apart from tab and line breaks, lone surrogates, and code points that are no characters.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


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

    style = _style()
    return _template().render(
        page=page,
        style=Markup(style),
        style_hash=_digest(style),
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
    digits = places(result.base, result.tuned, result.gain)
    return _Line(
        metric=result.metric,
        direction="higher is better" if result.higher_is_better else "lower is better",
        base=_figures(result.base, digits),
        tuned=_figures(result.tuned, digits),
        gain=_figures(result.gain, digits, signed=True),
        bars=interval_bars(result),
    )


def _figures(interval: Interval, digits: int | None = None, *, signed: bool = False) -> _Figures:
    digits = places(interval) if digits is None else digits
    return _Figures(write(interval.value, digits, signed=signed), span(interval, digits, signed=signed))


def _style() -> str:
    return files("tunesmith.evaluation").joinpath("template/report.css").read_text("utf-8")


def _digest(style: str) -> str:
    """Name the one style sheet that the page's content security policy lets through."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@lru_cache
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # comes with torch

    environment = Environment(
        loader=PackageLoader("tunesmith.evaluation", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    return environment.get_template("report.html")


def _visible(value: Any) -> Any:
    """Show control characters as pictures, and what no file can hold as a replacement character."""
    from markupsafe import Markup  # comes with jinja2

    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _UNSEEN.sub(lambda found: _picture(ord(found.group())), value)


def _picture(code: int) -> str:
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"
