"""The best is told from the rest only where the rows can tell, however many models there are."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from tunesmith.core.contracts import Metric
from tunesmith.core.errors import BadData, NonFinite
from tunesmith.evaluation.ranking import Ranking, rank

ROWS = 100


@dataclass(frozen=True, kw_only=True)
class Mean(Metric):
    """Give the mean of what the rows score."""

    version = 1
    higher_is_better = True

    def score(self, completion, example):
        raise NotImplementedError

    def summarise(self, sums):
        return sums[0] / sums[1]


@dataclass(frozen=True, kw_only=True)
class Cost(Mean):
    """Give the mean of what the rows cost."""

    higher_is_better = False


def tables(skills: dict[str, float], seed: int, rows: int = ROWS, noise: float = 1.0):
    """Give each model's table: rows that are hard for all, and a chance of its own."""
    random = np.random.default_rng(seed)
    hardness = random.normal(0, 5, rows)
    return {
        name: np.column_stack([skill + hardness + random.normal(0, noise, rows), np.ones(rows)])
        for name, skill in skills.items()
    }


def ranked(skills: dict[str, float], seed: int = 0, rows: int = ROWS, metric: Metric = Mean()) -> Ranking:
    return rank("mean", metric, tables(skills, seed, rows), seed=seed, resamples=400)


def test_models_stand_in_order_and_only_clear_leads_count() -> None:
    found = ranked({"worst": 0.0, "best": 2.0, "nearly": 1.8})
    assert found.order == ("best", "nearly", "worst")
    assert (found.best, found.level, found.behind) == ("best", ("nearly",), ("worst",))
    assert found.leads["worst"].low > 0 > found.leads["nearly"].low
    assert found.leads["worst"].value == pytest.approx(2.0, abs=0.4)


def test_where_lower_is_better_the_lowest_is_best() -> None:
    found = ranked({"cheap": 0.0, "dear": 2.0}, metric=Cost())
    assert (found.best, found.behind) == ("cheap", ("dear",))
    assert found.leads["dear"].value > 0


def test_rows_that_are_hard_for_all_do_not_blur_the_comparison() -> None:
    lead = ranked({"one": 0.0, "other": 1.0}).leads["one"]
    assert lead.high - lead.low < 1.0  # unpaired it would be 4 * 5 * sqrt(2 / 100) = 2.8


def test_of_many_equal_models_the_luckiest_is_told_apart_in_one_of_twenty_trials_at_most() -> None:
    skills = {f"model {number}": 0.0 for number in range(8)}
    fooled = sum(bool(ranked(skills, seed).behind) for seed in range(100))
    assert fooled <= 10  # 5 are expected; comparing pair by pair, more than half of all


def test_the_intervals_of_all_pairs_hold_together() -> None:
    skills = {f"model {number}": number / 4 for number in range(6)}
    held = 0
    for seed in range(30):
        found = ranked(skills, seed)
        truth = {name: skills[found.best] - skills[name] for name in found.leads}
        held += all(found.leads[name].low <= truth[name] <= found.leads[name].high for name in truth)
    assert held >= 27  # 28.5 are expected


def test_too_few_rows_tell_nothing_apart() -> None:
    few, enough = (ranked({"one": 0.0, "other": 9.0}, rows=rows) for rows in (19, 20))
    assert (few.level, few.behind) == (("one",), ())
    assert (enough.level, enough.behind) == ((), ("one",))


def test_intervals_of_few_rows_are_wider_than_their_spread_says() -> None:
    found = {rows: ranked({"one": 0.0, "other": 9.0}, rows=rows).leads["one"] for rows in (5, 500)}
    spreads = {rows: np.sqrt(2 / rows) for rows in found}
    few, many = ((found[rows].high - found[rows].low) / spreads[rows] for rows in (5, 500))
    assert many == pytest.approx(2 * 1.96, rel=0.1)
    assert few > many


def test_one_model_alone_is_the_best() -> None:
    found = ranked({"only": 1.0})
    assert (found.order, found.leads, found.level) == (("only",), {}, ())


def test_models_that_say_the_same_are_not_told_apart() -> None:
    (table,) = tables({"one": 0.0}, 0).values()
    found = rank("mean", Mean(), {"one": table, "twin": table}, seed=0, resamples=50)
    assert found.level == ("twin",)


def test_other_rows_and_no_rows_are_refused() -> None:
    table = np.ones((4, 2))
    for others in (np.ones((5, 2)), np.ones((4, 3))):
        with pytest.raises(BadData, match="on the same rows"):
            rank("mean", Mean(), {"one": table, "other": others}, seed=0)
    with pytest.raises(BadData, match="at least one"):
        rank("mean", Mean(), {"one": table[:0]}, seed=0)
    with pytest.raises(NonFinite, match="too large"):
        rank("mean", Mean(), {"one": table * np.inf}, seed=0, resamples=5)


def test_a_ranking_without_a_lead_above_zero_is_level() -> None:
    found = ranked({"one": 0.0, "other": 2.0})
    even = replace(found, leads={name: replace(lead, low=0.0) for name, lead in found.leads.items()})
    assert even.level == ("one",)
