"""How much data is enough: a metric at growing amounts of data, and what twice as much would bring.

The curve is a power law with a floor, a + b n^-c (Hestness et al., 2017, https://arxiv.org/abs/1712.00409);
most but not all learning curves are of this kind (Viering and Loog, 2021, https://arxiv.org/abs/2103.10948),
so the interval also holds how far the measured points lie from the curve.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.contracts import Metric
from tunesmith.core.errors import BadData
from tunesmith.core.figures import places, span, write
from tunesmith.core.report import Interval, MetricResult
from tunesmith.evaluation.statistics import Statistics, measure, resampled

FEWEST_SIZES = 4
EXPONENTS = np.linspace(0.1, 1.5, 29)


@dataclass(frozen=True)
class LearningCurve:
    """A metric by training rows, and its value and gain if there were twice as many; gain > 0 is better."""

    metric: str
    higher_is_better: bool
    points: Mapping[int, Interval]
    twice: Interval
    gain: Interval

    @property
    def rows(self) -> int:
        """How many training rows there are."""
        return max(self.points)

    @property
    def sentence(self) -> str:
        """Say whether twice the data would help, and how sure that is."""
        digits = places(self.gain)
        gain = f"{write(self.gain.value, digits, signed=True)} ({span(self.gain, digits, signed=True)})"
        opening = f"From {self.rows:,} to {2 * self.rows:,} training rows, the gain in {self.metric} would be"
        if self.gain.low > 0:
            return f"{opening} {gain}: more data of this kind would help."
        if self.gain.high <= 0:
            return f"{opening} {gain}: more data of this kind would not help."
        return f"{opening} {gain}: too uncertain to tell whether more data of this kind would help."


@dataclass(frozen=True)
class Compared:
    """What a change to the recipe does to a metric, by training rows: in each result, `tuned` has the change.

    Rows that an augmenter made do not count as training rows.
    """

    metric: str
    change: str
    results: Mapping[int, MetricResult]

    @property
    def sentence(self) -> str:
        """Say whether the change is better with all training rows, and how sure that is."""
        rows = max(self.results)
        gain = self.results[rows].gain
        digits = places(gain)
        said = f"{write(gain.value, digits, signed=True)} ({span(gain, digits, signed=True)})"
        opening = f"With {rows:,} training rows, the gain in {self.metric} by {self.change} is {said}"
        if gain.low > 0:
            return f"{opening}: better with this change."
        if gain.high < 0:
            return f"{opening}: worse with this change."
        return f"{opening}: no difference that can be told from chance."


def compared(
    name: str,
    metric: Metric,
    tables: tuple[Mapping[int, Statistics], Mapping[int, Statistics]],
    change: str,
    *,
    seed: int,
) -> Compared:
    """Compare a metric's statistics at each number of training rows: as the recipe is, and with the change.

    Raises BadData where no number of rows was tried both ways.
    """
    own, changed = tables
    both = sorted(own.keys() & changed.keys())
    if not both:
        raise BadData(f"No trial with {change} is finished. Finish the trials that are missing.")
    return Compared(
        name, change, {rows: measure(name, metric, own[rows], changed[rows], seed=seed) for rows in both}
    )


def learning_curve(
    name: str, metric: Metric, tables: Mapping[int, Statistics], *, seed: int, resamples: int = 2000
) -> LearningCurve:
    """Fit the curve to a metric's statistics at each number of training rows, and go on to twice the most.

    All tables have the same test rows, [rows, statistics]; they are drawn again together (paired). Raises
    BadData for fewer than FEWEST_SIZES sizes, or tables of different rows.
    """
    sizes = sorted(tables)
    if len(sizes) < FEWEST_SIZES or len({tables[size].shape for size in sizes}) > 1:
        raise BadData(
            f"A learning curve needs {FEWEST_SIZES} sizes or more, measured on the same test rows; "
            f"there are {len(sizes)}. Finish the trials that are missing."
        )
    joined = np.hstack([tables[size] for size in sizes])
    sums, tail = resampled(joined, seed, resamples)
    sides = np.hsplit(sums, len(sizes))
    values = np.array([[metric.summarise(row.tolist()) for row in side] for side in sides]).T
    curves = _extrapolate(np.array(sizes, float), values, np.random.default_rng(seed))
    gains = curves - values[:, -1] if metric.higher_is_better else values[:, -1] - curves
    return LearningCurve(
        name,
        metric.higher_is_better,
        {size: _interval(values[:, at], tail) for at, size in enumerate(sizes)},
        _interval(curves, tail),
        _interval(gains, tail),
    )


def _extrapolate(
    sizes: NDArray[np.float64], values: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    """Give each draw's value at twice the largest size; values are [draws, sizes], the first as measured."""
    residual = _fit(sizes, values[:1])[1]
    spread = np.sqrt(residual[0] / (len(sizes) - 2))
    shaken = values + random.normal(0, spread, values.shape)
    shaken[0] = values[0]
    return _fit(sizes, shaken)[0]


def _fit(
    sizes: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a + b n^-c to each row by least squares; give the value at twice the largest size, and the squares.

    For a given c the curve is linear in a and b, so c is tried out and the others are computed.
    """
    relative = sizes / sizes[-1]
    best = np.full(len(values), np.inf)
    ahead = np.zeros(len(values))
    for exponent in EXPONENTS:
        design = np.column_stack([np.ones_like(relative), relative**-exponent])
        factors = values @ np.linalg.pinv(design).T
        squares = ((values - factors @ design.T) ** 2).sum(axis=1)
        is_better = squares < best
        best = np.where(is_better, squares, best)
        ahead = np.where(is_better, factors @ np.array([1.0, 2.0**-exponent]), ahead)
    return ahead, best


def _interval(values: NDArray[np.float64], tail: float) -> Interval:
    low, high = np.quantile(values[1:], [tail, 1 - tail])
    return Interval(float(values[0]), float(low), float(high))
