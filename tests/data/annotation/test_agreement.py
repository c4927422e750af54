"""Agreement is what published examples work out to and scikit-learn computes, and says when it is unknown."""

import random

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from tunesmith.core.report import Interval
from tunesmith.data.annotation.agreement import alpha, kappa

# Krippendorff, 2011, Computing Krippendorff's Alpha-Reliability, parts A, B and C; None is missing.
MEG = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0)
OWEN = (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)
BEN = "aabbdcccedda"
GERRY = "babbbcccEddd".lower()
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
# Cohen, 1960, table 2: proportions times 200.
COHEN = ((88, 14, 18), (10, 40, 10), (2, 6, 12))


def units(*observers):
    return [[value for value in unit if value is not None] for unit in zip(*observers, strict=True)]


def pairs_of(table):
    return [
        (row, column) for row, counts in enumerate(table) for column, n in enumerate(counts) for _ in range(n)
    ]


def value_of(found: Interval | None) -> float:
    assert found is not None
    return found.value


def test_two_observers_and_two_values_come_to_the_published_alpha():
    # By hand: 14 zeros, 6 ones, 4 units that differ count twice: 1 - 19 * 4 / (14 * 6) = 2 / 21.
    assert value_of(alpha(units(MEG, OWEN), [0, 1])) == pytest.approx(1 - 19 * 4 / (14 * 6))
    assert round(value_of(alpha(units(MEG, OWEN), [0, 1])), 3) == 0.095


def test_two_observers_and_five_values_come_to_the_published_alpha():
    # By hand: values 4, 6, 6, 6, 2 times, 3 units that differ: 1 - 23 * 6 / (24**2 - 16 - 36 - 36 - 36 - 4).
    found = value_of(alpha(units(BEN, GERRY), "abcde"))
    assert found == pytest.approx(1 - 23 * 6 / 448)
    assert round(found, 3) == 0.692


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_four_observers_with_missing_data_come_to_the_published_alpha(level, published):
    found = value_of(alpha(units(*OBSERVERS), [1, 2, 3, 4, 5], level))
    assert round(found, 3) == published


def test_an_interval_level_knows_how_far_apart_values_are():
    near, far = [(1, 1), (10, 10), (1, 2)], [(1, 1), (10, 10), (1, 10)]
    values = [1, 2, 10]
    assert value_of(alpha(near, values, "interval")) > value_of(alpha(far, values, "interval"))
    assert value_of(alpha(near, values, "ordinal")) == pytest.approx(0.75, abs=0.2)


def test_the_published_kappa():
    # Cohen, 1960: observed 0.70, by chance 0.41: 0.29 / 0.59 = 0.492.
    found = value_of(kappa(pairs_of(COHEN), [0, 1, 2]))
    assert found == pytest.approx(0.29 / 0.59)


def test_a_linearly_weighted_kappa_worked_out_by_hand():
    # Costs 1 next to the diagonal, 2 in the corners. Observed: (14 + 10 + 10 + 6) + 2 * (18 + 2) = 80 of 200.
    # By chance, from the sums (120, 60, 20) and (100, 60, 40): 36 + 30 + 12 + 6 = 84, and 2 * (24 + 10) = 68.
    assert value_of(kappa(pairs_of(COHEN), [0, 1, 2], "linear")) == pytest.approx(1 - 80 / 152)


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
@pytest.mark.parametrize("seed", range(4))
def test_kappa_is_what_scikit_learn_computes(weights, seed):
    chance = random.Random(seed)
    first = [chance.randrange(5) for _ in range(60)]
    second = [one if chance.random() < 0.6 else chance.randrange(5) for one in first]
    expected = cohen_kappa_score(
        first, second, labels=range(5), weights=None if weights == "none" else weights
    )
    found = kappa(list(zip(first, second, strict=True)), range(5), weights)
    assert value_of(found) == pytest.approx(expected)


def test_alpha_and_kappa_agree_where_there_are_many_rows():
    chance = random.Random(3)
    rows = [
        (one, one if chance.random() < 0.7 else chance.choice("abc")) for one in chance.choices("abc", k=3000)
    ]
    assert value_of(alpha(rows, "abc")) == pytest.approx(value_of(kappa(rows, "abc")), abs=0.002)


def test_perfect_agreement_is_1_and_the_same_by_every_measure():
    rows = [(value, value) for value in (1, 2, 3, 1)]
    assert alpha(rows, [1, 2, 3], "ordinal") == Interval(1.0, 1.0, 1.0)
    assert kappa(rows, [1, 2, 3]) == Interval(1.0, 1.0, 1.0)


def test_what_cannot_be_known_is_none():
    assert kappa([], "ab") is None
    assert kappa([("a", "a")] * 5, "ab") is None  # both always say the same one thing
    assert alpha([("a", "a")] * 5, "ab") is None
    assert alpha([("a",), ("b",), ()], "ab") is None  # no row was done twice


def test_rows_done_once_change_nothing():
    twice = [("a", "a"), ("b", "b"), ("a", "b")]
    assert alpha([*twice, ("a",), ("b",), ()], "ab") == alpha(twice, "ab")


def test_the_interval_is_that_of_rows_drawn_again():
    pairs = pairs_of(COHEN)
    found = kappa(pairs, [0, 1, 2])
    draw = np.random.default_rng(0)
    again = []
    for _ in range(150):
        some = [pairs[place] for place in draw.integers(0, len(pairs), len(pairs))]
        again.append(cohen_kappa_score(*zip(*some, strict=True)))
    low, high = np.quantile(again, [0.025, 0.975])
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(low, abs=0.04), pytest.approx(high, abs=0.04))


def test_more_rows_narrow_the_interval_and_a_seed_decides_it():
    few, many = alpha(units(BEN, GERRY), "abcde"), alpha(units(BEN, GERRY) * 16, "abcde")
    assert few is not None
    assert many is not None
    assert few.low < few.value < few.high
    assert 3 < (few.high - few.low) / (many.high - many.low) < 5  # four times as narrow, about
    assert alpha(units(BEN, GERRY), "abcde") == few
    assert alpha(units(BEN, GERRY), "abcde", seed=8) != few
