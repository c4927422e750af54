"""How far annotators agree beyond chance: Cohen's kappa for two, Krippendorff's alpha for any number of them.

Sources: Cohen, 1960, https://doi.org/10.1177/001316446002000104; Cohen, 1968, weights for ordered values,
https://doi.org/10.1037/h0026256; Krippendorff, 2011, https://repository.upenn.edu/asc_papers/43 (alpha, with
missing data); Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (percentiles).
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.report import Interval

Numbers = NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval"]
"""What may be said of two values: that they differ; that one is more; by how much it is more."""

Weights = Literal["none", "linear", "quadratic"]
"""What a disagreement costs: always the same, its distance in the order of values, or that squared."""

RESAMPLES = 1000


def kappa(
    pairs: Sequence[tuple[Hashable, Hashable]],
    values: Sequence[Hashable],
    weights: Weights = "none",
    seed: int = 7,
) -> Interval | None:
    """Give Cohen's kappa of two annotators, with a 95 % interval: 1 is perfect, 0 what chance would give.

    `pairs` is what each said of the same row; `values` are all there can be, in their order. None where
    there is no row, or where chance alone gives perfect agreement: both always say the same one thing.
    """
    places = {value: place for place, value in enumerate(values)}
    table = np.zeros((len(values), len(values)))
    for first, second in pairs:
        table[places[first], places[second]] += 1
    place = np.arange(len(values), dtype=np.float64)
    apart = np.abs(place[:, None] - place[None, :])
    cost = {"none": (apart > 0) * 1.0, "linear": apart, "quadratic": apart**2}[weights]
    cells = np.flatnonzero(table)

    def again(counts: Numbers) -> float | None:
        drawn = np.zeros(table.size)
        drawn[cells] = counts
        return _kappa(drawn.reshape(table.shape), cost)

    return _interval(again, table.ravel()[cells], seed)


def alpha(
    units: Sequence[Sequence[Hashable]], values: Sequence[Any], level: Level = "nominal", seed: int = 7
) -> Interval | None:
    """Give Krippendorff's alpha with a 95 % interval: 1 is perfect, 0 what chance would give.

    `units` holds for each row what its annotators said, one entry each; rows with fewer than two say nothing.
    `values` are all there can be, in their order; at level `interval` they are numbers. None where no row was
    given to two, or where only one value was ever said.
    """
    # Rows of which the same was said count alike: there are few such patterns, however many rows there are.
    places = {value: place for place, value in enumerate(values)}
    patterns = Counter(tuple(sorted(places[value] for value in unit)) for unit in units if len(unit) > 1)
    if not patterns:
        return None
    said = np.zeros((len(patterns), len(values)))
    for row, pattern in enumerate(patterns):
        np.add.at(said[row], list(pattern), 1)
    used: list[int] = np.flatnonzero(said.sum(axis=0)).tolist()
    said = said[:, used]
    numbers = np.array([values[place] if level == "interval" else place for place in used], dtype=np.float64)

    def again(counts: Numbers) -> float | None:
        return _alpha(said, counts, numbers, level)

    return _interval(again, np.array(list(patterns.values()), dtype=np.float64), seed)


def _kappa(table: Numbers, cost: Numbers) -> float | None:
    """Cohen, 1968: one minus the cost that was observed over the cost that chance would give."""
    chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    expected = float((chance * cost).sum())
    return 1 - float((table * cost).sum()) / expected if expected else None


def _alpha(said: Numbers, counts: Numbers, numbers: Numbers, level: Level) -> float | None:
    """Krippendorff, 2011, part C: from coincidences within units, each weighing its number of values.

    `said` has the shape [patterns, values] and counts who said what; `counts` says how many units are alike.
    """
    weight = counts / (said.sum(axis=1) - 1)
    together = (said * weight[:, None]).T @ said - np.diag(weight @ said)
    total = together.sum(axis=0)
    cost = _cost(total, numbers, level)
    expected = float(total @ cost @ total)
    observed = float((together * cost).sum())
    return 1 - float(total.sum() - 1) * observed / expected if expected else None


def _cost(total: Numbers, numbers: Numbers, level: Level) -> Numbers:
    if level == "nominal":
        return 1.0 - np.eye(len(total))
    if level == "ordinal":  # a value's place is the middle of its ranks, so its neighbours count half
        numbers = np.cumsum(total) - total / 2
    return (numbers[:, None] - numbers[None, :]) ** 2


def _interval(again: Callable[[Numbers], float | None], counts: Numbers, seed: int) -> Interval | None:
    """Draw the rows again, with replacement; draws for which there is no value are left out."""
    value = again(counts) if counts.sum() else None
    if value is None:
        return None
    rows = round(counts.sum())
    draws = np.random.default_rng(seed).multinomial(rows, counts / counts.sum(), size=RESAMPLES)
    found = [one for draw in draws if (one := again(draw.astype(np.float64))) is not None]
    low, high = np.quantile(found or [value], [0.025, 0.975])
    return Interval(value, float(low), float(high))
