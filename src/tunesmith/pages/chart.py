"""Where the marks of a chart lie, in the units of its drawing; the page's template draws them."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from tunesmith.core.cards import Step, Validation
from tunesmith.core.report import Interval, MetricResult

WIDTHS = {"wide": 760, "narrow": 360}
"""Each chart is drawn twice, so that its letters have the same size on a desk and on a phone."""

Point = tuple[float, float]
MOST_POINTS = 400
MARGIN = 6.0
HARDLY_ANYTHING = 1e-9


@dataclass(frozen=True)
class Tick:
    """A number on an axis and where it stands."""

    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """A line chart: lines as the `points` of polylines, dots as centres, marks on both axes."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    columns: tuple[Tick, ...]
    rows: tuple[Tick, ...]
    lines: Mapping[str, str] = field(default_factory=dict[str, str])
    dots: tuple[Point, ...] = ()
    best: Point | None = None


@dataclass(frozen=True)
class Bar:
    """An interval drawn as a line from `low` to `high` with a mark at `value`; `y` is its height."""

    low: float
    value: float
    high: float
    y: float


@dataclass(frozen=True)
class Bars:
    """The intervals of base and tuned on one scale, and the gain's on its own, which shows zero."""

    width: int
    height: int
    base: Bar
    tuned: Bar
    gain: Bar
    zero: float


def loss_chart(
    steps: Sequence[Step], validations: Sequence[Validation], best_step: int | None, width: int
) -> Chart | None:
    """Draw training and validation loss over steps; None where nothing was recorded.

    The smooth line is an average over about a twentieth of the run, weighted by tokens. More steps than
    the drawing has room for are drawn by the lowest and highest of each stretch, so that no spike is lost.
    Losses that are not numbers have no place on a chart and are left out.
    """
    raw = [(float(step.number), step.loss) for step in steps if math.isfinite(step.loss)]
    smooth = _smooth([step for step in steps if math.isfinite(step.loss)])
    held_out = [(float(one.step), one.loss) for one in validations if math.isfinite(one.loss)]
    everything = [*raw, *held_out]
    if not everything:
        return None
    axes = _Axes(everything, width, height=min(300, width * 3 // 4))
    best = [axes.place(point) for point in held_out if point[0] == best_step]
    lines = {"raw": _thin(raw), "smooth": smooth[:: max(1, len(smooth) // MOST_POINTS)], "held-out": held_out}
    return axes.chart(lines, dots=held_out, best=best[0] if best else None)


def rate_chart(steps: Sequence[Step], width: int) -> Chart | None:
    """Draw the learning rate over steps, from zero; None where nothing was recorded."""
    rates = [(float(step.number), step.learning_rate) for step in steps if math.isfinite(step.learning_rate)]
    if not rates:
        return None
    axes = _Axes([*rates, (rates[0][0], 0.0)], width, height=130)
    return axes.chart({"smooth": _thin(rates)})


def interval_bars(result: MetricResult, width: int = 160) -> Bars:
    """Draw one metric's intervals: base above tuned on a shared scale, the gain on a scale with zero."""
    shared = _scale([*_ends(result.base), *_ends(result.tuned)], MARGIN, width - MARGIN)
    own = _scale([*_ends(result.gain), 0.0], MARGIN, width - MARGIN)
    return Bars(
        width=width,
        height=34,
        base=_bar(result.base, shared, 10.0),
        tuned=_bar(result.tuned, shared, 24.0),
        gain=_bar(result.gain, own, 17.0),
        zero=own.at(0.0),
    )


@dataclass(frozen=True)
class _Scale:
    """A straight line from values to places."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 2)


class _Axes:
    """Both scales of a line chart, rounded outwards to the marks of its value axis."""

    def __init__(self, points: Iterable[Point], width: int, height: int) -> None:
        steps, values = zip(*points, strict=True)
        self.width, self.height = width, height
        marks = _marks(min(values), max(values), most=5 if height > 200 else 2)
        self.rows = marks
        self.labels = _labels(marks)
        left = 10.0 + 7.0 * max(len(label) for label in self.labels)
        self.across = _scale([min(steps), max(steps)], left, width - 12.0)
        self.up = _Scale(marks[0], marks[-1], height - 26.0, 14.0)

    def place(self, point: Point) -> Point:
        """Give where a step and a value stand."""
        return self.across.at(point[0]), self.up.at(point[1])

    def chart(
        self, lines: Mapping[str, Sequence[Point]], dots: Sequence[Point] = (), best: Point | None = None
    ) -> Chart:
        """Put lines and dots between the axes; a line needs two points."""
        first, last = math.ceil(self.across.low), math.floor(self.across.high)
        columns = [
            mark for mark in _marks(first, last, most=max(3, self.width // 110)) if first <= mark <= last
        ]
        return Chart(
            width=self.width,
            height=self.height,
            left=self.across.start,
            right=self.across.end,
            top=self.up.end,
            bottom=self.up.start,
            columns=tuple(
                Tick(self.across.at(mark), f"{mark:,.0f}") for mark in columns if mark == round(mark)
            ),
            rows=tuple(
                Tick(self.up.at(mark), label) for mark, label in zip(self.rows, self.labels, strict=True)
            ),
            lines={name: self._points(line) for name, line in lines.items() if len(line) > 1},
            dots=tuple(self.place(point) for point in dots),
            best=best,
        )

    def _points(self, line: Sequence[Point]) -> str:
        return " ".join(f"{x:g},{y:g}" for x, y in map(self.place, line))


def _scale(values: Sequence[float], start: float, end: float) -> _Scale:
    low, high = min(values), max(values)
    # A single value stands in the middle.
    spare = 0.0 if high > low else max(abs(low), 1.0) / 2
    return _Scale(low - spare, high + spare, start, end)


def _ends(interval: Interval) -> tuple[float, float, float]:
    return interval.low, interval.value, interval.high


def _bar(interval: Interval, scale: _Scale, y: float) -> Bar:
    return Bar(scale.at(interval.low), scale.at(interval.value), scale.at(interval.high), y)


def _marks(low: float, high: float, most: int) -> list[float]:
    """Give round numbers, 1, 2 or 5 times a power of ten apart, that enclose low and high.

    Values that differ by rounding alone are drawn as one: marks between them would be the same number.
    """
    if high - low <= HARDLY_ANYTHING * max(abs(low), abs(high)):
        low, high = low - max(abs(low), 1.0) / 2, low + max(abs(low), 1.0) / 2
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    distance = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.floor(low / distance + 1e-9), math.ceil(high / distance - 1e-9)
    return [number * distance for number in range(first, last + 1)]


def _labels(marks: Sequence[float]) -> list[str]:
    """Write all marks with the digits that their distance needs, very small ones as 5e-6."""
    distance = marks[1] - marks[0]
    decimals = max(0, -math.floor(math.log10(distance) + 1e-9))
    if decimals > 4:
        digits = 1 + math.ceil(math.log10(max(map(abs, marks)) / distance))
        return [re.sub("e([+-])0", r"e\1", f"{mark:.{digits}g}") for mark in marks]
    return [f"{mark:.{decimals}f}" for mark in marks]


def _smooth(steps: Sequence[Step]) -> list[Point]:
    """Average losses over the steps around each, by their weights; the window narrows towards both ends."""
    totals = list(accumulate((step.loss * step.weight for step in steps), initial=0.0))
    weights = list(accumulate((step.weight for step in steps), initial=0.0))
    reach = len(steps) // 40
    points: list[Point] = []
    for place, step in enumerate(steps):
        half = min(reach, place, len(steps) - 1 - place)
        weight = weights[place + half + 1] - weights[place - half]
        total = totals[place + half + 1] - totals[place - half]
        points.append((float(step.number), total / weight if half and weight else step.loss))
    return points


def _thin(points: Sequence[Point]) -> list[Point]:
    """Keep the lowest and the highest point of each stretch where there are too many to draw."""
    stretch = math.ceil(2 * len(points) / MOST_POINTS)
    if stretch <= 2:
        return list(points)
    kept: list[Point] = []
    for start in range(0, len(points), stretch):
        part = points[start : start + stretch]
        extremes = {min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])}
        kept += sorted(extremes)
    return kept
