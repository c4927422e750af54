"""The report: base against tuned, metric by metric, and the verdict that follows."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["promote", "keep the base", "not enough data to tell"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One metric on the same rows for base and tuned; `gain` is positive where tuned is better."""

    metric: str
    version: int
    higher_is_better: bool
    base: Interval
    tuned: Interval
    gain: Interval


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One line of the recipe's `success`, decided: in words, with the interval it was decided on."""

    criterion: str
    outcome: Literal["met", "missed", "undecided"]
    evidence: Interval


@dataclass(frozen=True, slots=True)
class Sample:
    """One test row with both answers, side by side."""

    prompt: str
    reference: str
    base: str
    tuned: str


@dataclass(frozen=True)
class Report:
    """Base against tuned on untouched rows, with intervals, and what follows from it."""

    verdict: Verdict
    reason: str
    rows: int
    metrics: tuple[MetricResult, ...]
    criteria: tuple[CriterionResult, ...]
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()
    format: int = 1
