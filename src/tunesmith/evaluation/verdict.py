"""Promote, keep the base, or not enough data to tell: what the intervals allow us to say."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tunesmith.core.figures import places, span, write
from tunesmith.core.recipe import Criterion
from tunesmith.core.report import CriterionResult, Interval, MetricResult, Verdict

FEWEST_ROWS = 20
LARGEST_USEFUL_FACTOR = 50
"""Advice to collect more than this many times the rows there are helps nobody."""

Outcome = Literal["met", "missed", "undecided"]


def decide(
    results: Sequence[MetricResult], success: tuple[Criterion, ...], rows: Mapping[str, int]
) -> tuple[Verdict, str, tuple[CriterionResult, ...]]:
    """Judge each criterion by its whole interval, and say in plain words what follows from all of them.

    `rows` says on how many test rows each metric was measured: fewer than 20 decide nothing. Without
    `success` the first metric must gain over the base. All met: promote; any missed: keep the base.
    A criterion on a metric without a result has no entry in the answer, and keeps the verdict open.
    """
    measured = {result.metric: result for result in results}
    bounds = [_bound(criterion) for criterion in success]
    if not success and results:
        bounds = [_Bound(results[0].metric, "better", 0.0)]
    judged = [_judge(bound, measured[bound.metric], rows) for bound in bounds if bound.metric in measured]
    entries = tuple(CriterionResult(one.bound.words(), one.outcome, one.evidence) for one in judged)
    missed = [one for one in judged if one.outcome == "missed"]
    if missed:
        return "keep the base", _why_missed(missed, len(bounds)), entries
    unmeasured = [bound.metric for bound in bounds if bound.metric not in measured]
    if unmeasured or not bounds:
        return "not enough data to tell", _why_unmeasured(unmeasured), entries
    undecided = [one for one in judged if one.outcome == "undecided"]
    if undecided:
        return "not enough data to tell", _why_open(undecided, len(bounds)), entries
    return "promote", _why_met(judged), entries


@dataclass(frozen=True)
class _Bound:
    """One criterion as one number to compare with."""

    metric: str
    kind: Literal["at least", "at most", "gain", "better"]
    limit: float

    def words(self) -> str:
        """Say the criterion as a line in a report."""
        match self.kind:
            case "gain":
                return f"{self.metric} gains at least {self.limit:g} over the base"
            case "better":
                return f"{self.metric} is better than the base"
            case _:
                return f"{self.metric} is {self.kind} {self.limit:g}"

    def asked(self) -> str:
        """Say the bound alone."""
        prefix = {"gain": "at least", "better": "more than"}.get(self.kind, self.kind)
        return f"{prefix} {self.limit:g}"

    def is_gain(self) -> bool:
        """Say whether the bound is on the gain, not on the tuned value."""
        return self.kind in ("gain", "better")

    def outcome(self, interval: Interval) -> Outcome:
        """Decide by the whole interval; "better" must exclude no gain at all."""
        match self.kind:
            case "at most":
                met, missed = interval.high <= self.limit, interval.low > self.limit
            case "better":
                met, missed = interval.low > self.limit, interval.high <= self.limit
            case _:
                met, missed = interval.low >= self.limit, interval.high < self.limit
        return "met" if met else "missed" if missed else "undecided"


@dataclass(frozen=True)
class _Judged:
    """A criterion with what was found."""

    bound: _Bound
    evidence: Interval
    rows: int
    outcome: Outcome

    def finding(self) -> str:
        """Say what was measured and what was asked for."""
        signed = self.bound.is_gain()
        digits = places(self.evidence)
        what = f"the gain in {self.bound.metric}" if signed else self.bound.metric
        value = write(self.evidence.value, digits, signed=signed)
        bounds = span(self.evidence, digits, signed=signed)
        return f"{what} is {value} (95% interval {bounds}; asked: {self.bound.asked()})"


def _bound(criterion: Criterion) -> _Bound:
    if criterion.at_least is not None:
        return _Bound(criterion.metric, "at least", criterion.at_least)
    if criterion.at_most is not None:
        return _Bound(criterion.metric, "at most", criterion.at_most)
    assert criterion.gain_over_base is not None  # the recipe refuses a criterion without a bound
    return _Bound(criterion.metric, "gain", criterion.gain_over_base)


def _judge(bound: _Bound, result: MetricResult, rows: Mapping[str, int]) -> _Judged:
    evidence = result.gain if bound.is_gain() else result.tuned
    count = rows[bound.metric]
    outcome = bound.outcome(evidence) if count >= FEWEST_ROWS else "undecided"
    return _Judged(bound, evidence, count, outcome)


def _why_met(judged: list[_Judged]) -> str:
    subject = "The criterion is met" if len(judged) == 1 else f"All {len(judged)} criteria are met"
    return f"{subject} on {_test_rows(judged)}{_first_finding(judged)}."


def _why_missed(missed: list[_Judged], criteria: int) -> str:
    subject = "The criterion" if criteria == 1 else f"{len(missed)} of {criteria} criteria"
    subject += " is" if len(missed) == 1 else " are"
    return f"{subject} missed on {_test_rows(missed)}{_first_finding(missed)}."


def _why_unmeasured(metrics: list[str]) -> str:
    what = f"{', '.join(dict.fromkeys(metrics))} could not" if metrics else "Nothing could"
    return f"{what} be measured: there are no test rows for it. Hold out more rows (data.split.test)."


def _why_open(undecided: list[_Judged], criteria: int) -> str:
    few = min(undecided, key=lambda one: one.rows)
    if few.rows < FEWEST_ROWS:
        return (
            f"Only {_test_rows([few])} measured {few.bound.metric}; a verdict needs at least {FEWEST_ROWS}. "
            "Hold out more rows (data.split.test), or evaluate more of them (evaluation.max_rows)."
        )
    subject = "the criterion" if criteria == 1 else f"{len(undecided)} of {criteria} criteria"
    return f"{_test_rows(undecided)} leave {subject} open{_first_finding(undecided)}. {_outlook(undecided)}"


def _first_finding(judged: list[_Judged]) -> str:
    """Give numbers for one criterion; a sentence with all of them would not be read."""
    lead = ": " if len(judged) == 1 else ". The first of them: "
    return f"{lead}{judged[0].finding()}"


def _outlook(undecided: list[_Judged]) -> str:
    """Estimate how many rows would settle it: an interval narrows with the square root of the rows."""
    needed = max(_rows_to_settle(one) for one in undecided)
    if needed > LARGEST_USEFUL_FACTOR * max(one.rows for one in undecided):
        return "The value is so close to the bound that more rows may not settle it."
    exponent = max(0, math.floor(math.log10(needed)) - 1)
    rounded = math.ceil(needed / 10**exponent) * 10**exponent
    return f"About {rounded:,} test rows would settle it, if the values stay as they are."


def _rows_to_settle(one: _Judged) -> float:
    value, limit = one.evidence.value, one.bound.limit
    reach = value - one.evidence.low if value > limit else one.evidence.high - value
    if value == limit:
        return math.inf
    return max(one.rows + 1, one.rows * (reach / abs(value - limit)) ** 2)


def _test_rows(judged: list[_Judged]) -> str:
    fewest, most = min(one.rows for one in judged), max(one.rows for one in judged)
    count = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return f"{count} test row{'' if most == 1 else 's'}"
