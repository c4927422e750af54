"""The curve goes through what was measured, and its interval holds what twice the data really brings."""

from dataclasses import dataclass

import numpy as np
import pytest

from tunesmith.core.contracts import Metric
from tunesmith.core.errors import BadData
from tunesmith.evaluation.learning_curve import LearningCurve, compared, learning_curve
from tunesmith.evaluation.metric.exact_match import ExactMatch

SIZES = (100, 200, 400, 800, 1600)


@dataclass(frozen=True, kw_only=True)
class Cost(Metric):
    """Give the mean cost of an answer."""

    version = 1
    higher_is_better = False

    def score(self, completion, example):
        raise NotImplementedError

    def summarise(self, sums):
        return sums[0] / sums[1]


def truth(rows: float, floor: float, exponent: float) -> float:
    return floor + 8 * rows**-exponent


def tables(floor: float, exponent: float, seed: int, noise: float = 0.3, tests: int = 300):
    """Give each size's table: the same test rows, harder or easier at every size, and a little chance."""
    random = np.random.default_rng(seed)
    hardness = random.normal(0, 1, tests)
    return {
        rows: np.column_stack(
            [truth(rows, floor, exponent) + hardness + random.normal(0, noise, tests), np.ones(tests)]
        )
        for rows in SIZES
    }


def curve(found, metric: Metric = Cost()) -> LearningCurve:  # frozen
    return learning_curve("cost", metric, found, seed=3, resamples=400)


def test_without_chance_the_curve_is_found_exactly():
    exact = {rows: np.array([[truth(rows, 2, 0.5), 1.0]] * 9) for rows in SIZES}
    found = curve(exact)
    assert {rows: one.value for rows, one in found.points.items()} == {
        rows: pytest.approx(truth(rows, 2, 0.5)) for rows in SIZES
    }
    assert found.twice.value == pytest.approx(truth(3200, 2, 0.5), abs=1e-6)
    assert found.gain.value == pytest.approx(truth(1600, 2, 0.5) - truth(3200, 2, 0.5), abs=1e-6)
    assert found.gain.high - found.gain.low < 1e-6


def test_the_interval_of_the_gain_holds_the_truth_about_as_often_as_it_says():
    held = 0
    for seed in range(60):
        gain = curve(tables(1, 0.35, seed)).gain
        held += gain.low <= truth(1600, 1, 0.35) - truth(3200, 1, 0.35) <= gain.high
    assert held >= 52  # 95 % of 60 are 57; three standard deviations below are 52


def test_a_steep_curve_says_that_more_data_would_help():
    found = curve(tables(0, 0.3, 1, noise=0.02))
    assert found.gain.low > 0
    assert found.sentence.startswith("From 1,600 to 3,200 training rows, the gain in cost would be +0.1")
    assert found.sentence.endswith("more data of this kind would help.")


def test_a_flat_curve_does_not_promise_anything():
    assert "too uncertain to tell" in curve(tables(5, 20, 2)).sentence


def test_a_falling_curve_says_that_more_data_would_not_help():
    worse = {rows: np.column_stack([np.full(50, 10 - 8 * rows**-0.5), np.ones(50)]) for rows in SIZES}
    assert "would not help" in curve(worse).sentence


def test_where_more_is_better_a_gain_is_a_rise():
    shares = {rows: np.column_stack([np.arange(100) < 90 - 3000 / rows, np.ones(100)]) for rows in SIZES}
    found = curve({rows: table.astype(float) for rows, table in shares.items()}, ExactMatch())
    assert found.points[1600].value > found.points[100].value
    assert 0 < found.gain.value < 0.05


def test_too_few_sizes_and_other_rows_are_refused():
    found = tables(1, 0.5, 1)
    with pytest.raises(BadData, match=r"needs 4 sizes or more.*there are 3"):
        curve({rows: found[rows] for rows in SIZES[:3]})
    with pytest.raises(BadData, match="same test rows"):
        curve(found | {100: found[100][:-1]})


def test_a_change_is_judged_with_all_rows_by_the_same_test_rows():
    own = tables(1, 0.5, 1)
    better = {rows: table - [0.2, 0] for rows, table in own.items()}
    found = compared("cost", Cost(), (own, better), "training.epochs=9", seed=1)
    assert list(found.results) == list(SIZES)
    assert found.results[400].gain.value == pytest.approx(0.2)
    assert found.sentence.startswith(
        "With 1,600 training rows, the gain in cost by training.epochs=9 is +0.2"
    )
    assert found.sentence.endswith(": better with this change.")
    assert compared("cost", Cost(), (better, own), "x=1", seed=1).sentence.endswith("worse with this change.")
    same = compared("cost", Cost(), (own, own), "x=1", seed=1)
    assert same.sentence.endswith("no difference that can be told from chance.")


def test_only_sizes_that_were_tried_both_ways_are_compared():
    own = tables(1, 0.5, 1)
    found = compared("cost", Cost(), (own, {400: own[400], 7: own[100]}), "x=1", seed=1)
    assert list(found.results) == [400]
    with pytest.raises(BadData, match="No trial with x=1 is finished"):
        compared("cost", Cost(), (own, {}), "x=1", seed=1)
