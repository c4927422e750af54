"""Intervals cover what they claim, gains have the right sign, and nothing that is not a number passes."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.errors import BadData, NonFinite
from tunesmith.evaluation import statistics
from tunesmith.evaluation.metric.exact_match import ExactMatch
from tunesmith.evaluation.metric.perplexity import Perplexity
from tunesmith.evaluation.statistics import measure, tabulate


@dataclass(frozen=True, kw_only=True)
class Length(Metric):
    """Give the mean length of an answer."""

    version = 3

    def score(self, completion, example):
        return float(len(completion.text)), 1.0

    def summarise(self, sums):
        return sums[0] / sums[1]


def column(values) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    return np.stack([values, np.ones_like(values)], axis=1)


def test_values_and_gain_are_those_computed_by_hand():
    result = measure("exact_match", ExactMatch(), column([1, 0, 0, 0]), column([1, 1, 1, 0]), seed=1)
    assert (result.base.value, result.tuned.value, result.gain.value) == (0.25, 0.75, 0.5)
    assert (result.metric, result.version, result.higher_is_better) == ("exact_match", 1, True)


def test_a_gain_is_positive_where_a_lower_value_is_better():
    base, tuned = np.array([[4.0, 2.0], [2.0, 1.0]]), np.array([[2.0, 2.0], [1.0, 1.0]])
    result = measure("perplexity", Perplexity(), base, tuned, seed=1)
    assert result.gain.value == pytest.approx(math.exp(2) - math.exp(1))
    assert result.gain.low > 0


def test_an_interval_is_that_of_a_plain_bootstrap():
    draw = np.random.default_rng(5)
    values = draw.normal(size=100)
    result = measure("length", Length(), column(values), column(values + 1), seed=9, resamples=4000)
    means = np.array([draw.choice(values, 100).mean() for _ in range(4000)])
    low, high = np.quantile(means, [0.025, 0.975])
    width = high - low
    assert result.base.low == pytest.approx(low, abs=0.08 * width)
    assert result.base.high == pytest.approx(high, abs=0.08 * width)


def test_pairing_removes_what_rows_have_in_common():
    common = np.random.default_rng(2).normal(scale=10, size=50)
    result = measure("length", Length(), column(common), column(common + 1), seed=3)
    assert result.gain.low == pytest.approx(1)
    assert result.gain.high == pytest.approx(1)
    assert result.base.high - result.base.low > 3


@pytest.mark.parametrize("rows", [20, 60])
def test_95_of_100_intervals_hold_the_truth_even_for_skewed_rows(rows):
    draw = np.random.default_rng(11)
    held = 0
    for trial in range(200):
        base = draw.normal(size=rows)
        tuned = base + draw.exponential(size=rows)  # true gain: 1
        gain = measure("length", Length(), column(base), column(tuned), seed=trial, resamples=300).gain
        held += gain.low <= 1 <= gain.high
    assert 0.90 <= held / 200 <= 0.99


@pytest.mark.parametrize("rows", [2, 20, 21, 101])
def test_the_quantile_of_student_widens_intervals_for_few_rows(rows):
    # Table values of Student's distribution at 97.5% for rows - 1 degrees of freedom.
    table = {20: 2.0930, 21: 2.0860, 101: 1.9840}
    tail = statistics._tail(rows)
    assert tail < 0.025
    if rows in table:
        normal = statistics.NormalDist()
        assert -normal.inv_cdf(tail) == pytest.approx(table[rows] * math.sqrt(rows / (rows - 1)), abs=1e-3)


def test_identical_answers_have_a_gain_of_exactly_zero():
    same = column(np.random.default_rng(4).random(37))
    gain = measure("length", Length(), same, same.copy(), seed=1).gain
    assert (gain.value, gain.low, gain.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("rows", [2, 7, 33, 129, 1000])
def test_rows_that_are_all_alike_give_an_interval_of_no_width(rows):
    base = measure("length", Length(), column([0.1] * rows), column([0.3] * rows), seed=1, resamples=50).base
    assert base.low == base.value == base.high


def test_a_single_row_gives_its_own_value_as_bounds():
    gain = measure("length", Length(), column([1.0]), column([3.0]), seed=1).gain
    assert (gain.value, gain.low, gain.high) == (2.0, 2.0, 2.0)


def test_no_rows_at_all_are_refused():
    with pytest.raises(BadData, match=r"length: .*at least one"):
        measure("length", Length(), np.empty((0, 2)), np.empty((0, 2)), seed=1)


def test_different_rows_for_base_and_tuned_are_refused():
    with pytest.raises(BadData, match="same rows"):
        measure("length", Length(), column([1.0, 2.0]), column([1.0]), seed=1)


def test_the_seed_decides_the_interval():
    base, tuned = column(range(30)), column(np.arange(30) ** 1.1)
    assert measure("length", Length(), base, tuned, seed=1) == measure(
        "length", Length(), base, tuned, seed=1
    )
    assert measure("length", Length(), base, tuned, seed=1) != measure(
        "length", Length(), base, tuned, seed=2
    )


def test_chunks_bound_memory_and_change_nothing(monkeypatch):
    base, tuned = column(range(30)), column(np.arange(30) ** 1.1)
    whole = measure("length", Length(), base, tuned, seed=1)
    monkeypatch.setattr(statistics, "NUMBERS_IN_MEMORY", 500)
    sizes = [len(chunk) for chunk in statistics._resampled_sums(np.hstack([base, tuned]), 1, 10)]
    assert sizes == [1, 4, 4, 2]
    assert measure("length", Length(), base, tuned, seed=1) == whole


def test_statistics_come_row_by_row(example):
    table = tabulate("length", Length(), [example("x"), example("y")], [Completion("four"), Completion("")])
    assert table.tolist() == [[4.0, 1.0], [0.0, 1.0]]


@pytest.mark.parametrize("nats", [math.nan, math.inf])
def test_a_statistic_that_is_not_a_number_is_refused_by_metric_and_row(nats, example):
    rows = [Completion("", nats=1.0, predicted=1), Completion("", nats=nats, predicted=1)]
    with pytest.raises(NonFinite, match=r"perplexity .*row 2 \(rows\.jsonl:9 "):
        tabulate("perplexity", Perplexity(), [example("x"), example("y", line=9)], rows)


def test_a_value_too_large_for_a_float_is_refused():
    with pytest.raises(NonFinite, match="perplexity"):
        measure("perplexity", Perplexity(), np.array([[1.0, 1.0]]), np.array([[1e6, 1.0]]), seed=1)
