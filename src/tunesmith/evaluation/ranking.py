"""Which of several models is best on the same test rows, and which ones cannot be told apart from it.

The intervals of all pairs of models hold together: the widest of all deviations decides (max-T; Westfall and
Young, Resampling-Based Multiple Testing, 1993), here over the draws of one bootstrap. So it does no harm that
the best is only known from these rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.contracts import Metric
from tunesmith.core.errors import BadData, NonFinite
from tunesmith.core.report import Interval
from tunesmith.evaluation.statistics import Statistics, resampled
from tunesmith.evaluation.verdict import FEWEST_ROWS


@dataclass(frozen=True)
class Ranking:
    """Names of models, the best first, and by how much the best is ahead of each other one.

    A lead is in the metric's own units; all intervals hold at once, with 95 %.
    """

    metric: str
    rows: int
    order: tuple[str, ...]
    leads: Mapping[str, Interval]

    @property
    def best(self) -> str:
        """The one with the best value."""
        return self.order[0]

    @property
    def level(self) -> tuple[str, ...]:
        """Those that cannot be told apart from the best: all of them where the rows are too few to decide."""
        names = self.order[1:]
        return tuple(name for name in names if self.rows < FEWEST_ROWS or self.leads[name].low <= 0)

    @property
    def behind(self) -> tuple[str, ...]:
        """Those that the best is better than."""
        return tuple(name for name in self.order[1:] if name not in self.level)


def rank(
    name: str, metric: Metric, tables: Mapping[str, Statistics], *, seed: int, resamples: int = 2000
) -> Ranking:
    """Order models by a metric's statistics on the same rows, each of the shape [rows, statistics].

    Raises BadData without models or rows, or for tables of different rows; NonFinite if a value is too large.
    """
    shapes = {table.shape for table in tables.values()}
    if len(shapes) != 1 or not next(iter(shapes))[0]:
        raise BadData(f"{name}: models are compared on the same rows, at least one; these are {shapes}.")
    sums, tail = resampled(np.hstack(list(tables.values())), seed, resamples)
    sides = np.hsplit(sums, len(tables))
    values = np.array([[metric.summarise(row.tolist()) for row in side] for side in sides]).T
    if not np.isfinite(values).all():
        raise NonFinite(f"{name} is too large to be a number. A model may have diverged: look at its loss.")
    goodness = values if metric.higher_is_better else -values
    order = np.argsort(-goodness[0], kind="stable")
    ahead = goodness[:, order[:1]] - goodness
    reach = _reach(goodness, tail) * ahead[1:].std(axis=0)
    names, (rows, _) = list(tables), next(iter(shapes))
    leads = {names[at]: _around(ahead[0, at], reach[at]) for at in order[1:]}
    return Ranking(name, rows, tuple(names[at] for at in order), leads)


def _reach(goodness: NDArray[np.float64], tail: float) -> float:
    """Say how many standard deviations all differences keep to at once, with 95 %; widened for few rows."""
    pairs = goodness[:, :, None] - goodness[:, None, :]
    deviations, spread = np.abs(pairs[1:] - pairs[0]), pairs[1:].std(axis=0)
    widest = np.divide(deviations, spread, out=np.zeros_like(deviations), where=spread > 0).max(axis=(1, 2))
    normal = NormalDist()
    return float(np.quantile(widest, 0.95)) * normal.inv_cdf(1 - tail) / normal.inv_cdf(0.975)


def _around(value: float, reach: float) -> Interval:
    return Interval(float(value), float(value - reach), float(value + reach))
