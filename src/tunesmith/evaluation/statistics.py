"""How sure we are: values, gains and their 95 % intervals for every metric, by one bootstrap over rows.

Rows are drawn again with replacement, the same rows for base and tuned (paired), and every metric is computed
afresh from its added-up statistics, so ratios such as BLEU and perplexity are treated exactly.

Sources: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (percentile intervals);
Koehn, 2004, https://aclanthology.org/W04-3250/ (paired, for text metrics); Hesterberg, 2015,
https://arxiv.org/abs/1411.5279 (percentiles widened for few rows).
"""

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.errors import BadData, NonFinite
from tunesmith.core.example import Example
from tunesmith.core.report import Interval, MetricResult

Statistics = NDArray[np.float64]
NUMBERS_IN_MEMORY = 2**22


def tabulate(
    name: str, metric: Metric, examples: Sequence[Example], completions: Sequence[Completion]
) -> Statistics:
    """Score every completion on its example; the shape is [rows, statistics].

    Raises NonFinite naming metric and row if a statistic is not a number.
    """
    table = np.array(
        [
            metric.score(completion, example)
            for completion, example in zip(completions, examples, strict=True)
        ],
        dtype=np.float64,
    )
    broken = ~np.isfinite(table).all(axis=-1)
    if broken.any():
        row = int(broken.argmax())
        raise NonFinite(
            f"{name} is not a number for test row {row + 1} ({examples[row].place}): {table[row].tolist()}. "
            "The model gave a probability that is not a number; look for a non-finite loss in this run."
        )
    return table


def measure(
    name: str, metric: Metric, base: Statistics, tuned: Statistics, *, seed: int, resamples: int = 2000
) -> MetricResult:
    """Compare the statistics of base and tuned on the same rows; both have the shape [rows, statistics].

    A gain is in the metric's own units and positive where tuned is better. Answers that never differ give an
    interval of no width, and so does a single row: it says nothing of how rows vary.
    Raises BadData without rows, NonFinite if a value is too large for a float.
    """
    if base.shape != tuned.shape or not len(base):
        raise BadData(
            f"{name}: base has statistics of shape {base.shape} and tuned {tuned.shape}; "
            "both need the same rows, at least one."
        )
    sums, tail = resampled(np.hstack([base, tuned]), seed, resamples)
    base_values, tuned_values = (
        np.array([metric.summarise(row.tolist()) for row in side]) for side in np.hsplit(sums, 2)
    )
    if not (np.isfinite(base_values).all() and np.isfinite(tuned_values).all()):
        raise NonFinite(f"{name} is too large to be a number. The model may have diverged: look at its loss.")
    gains = tuned_values - base_values if metric.higher_is_better else base_values - tuned_values
    return MetricResult(
        metric=name,
        version=metric.version,
        higher_is_better=metric.higher_is_better,
        base=_interval(base_values, tail),
        tuned=_interval(tuned_values, tail),
        gain=_interval(gains, tail),
    )


def resampled(table: Statistics, seed: int, resamples: int) -> tuple[Statistics, float]:
    """Add up a table's rows, then those of each draw, [1 + resamples, statistics]; and say what tail to cut.

    The interval of a value lies between the quantiles of its draws at the tail, and at 1 minus the tail.
    """
    return np.concatenate(list(_resampled_sums(table, seed, resamples))), _tail(len(table))


def _resampled_sums(table: Statistics, seed: int, resamples: int) -> Iterator[Statistics]:
    """Add up the table's rows as they are, then of `resamples` draws, in chunks of bounded memory."""
    columns = np.ascontiguousarray(table.T)  # each statistic in one piece: several times faster to draw from
    rows = len(table)
    # Summed over the last axis as the draws are, so that rows which are all alike give the very same value.
    yield columns.sum(axis=-1)[None]
    draw = np.random.default_rng(seed)
    chunk = max(1, NUMBERS_IN_MEMORY // table.size)
    for start in range(0, resamples, chunk):
        chosen = draw.integers(0, rows, size=(min(chunk, resamples - start), rows))
        yield columns.take(chosen, axis=1).sum(axis=-1).T


def _tail(rows: int) -> float:
    """Give the share to cut from each side of the draws.

    Percentiles are too narrow for few rows: by the factor sqrt((rows - 1) / rows) and by using the normal
    distribution where Student's belongs (Hesterberg, 2015). Student's quantile: Abramowitz and
    Stegun, 1964, formula 26.7.5.
    """
    normal = NormalDist()
    z = normal.inv_cdf(0.975)
    freedom = max(1, rows - 1)
    student = z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return normal.cdf(-student * math.sqrt(rows / freedom))


def _interval(values: Statistics, tail: float) -> Interval:
    """Read the interval of the draws; the first value is the one that was measured."""
    low, high = np.quantile(values[1:], [tail, 1 - tail])
    return Interval(value=float(values[0]), low=float(low), high=float(high))
