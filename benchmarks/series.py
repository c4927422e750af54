"""A series: all contestants of one case, one after the other and again: a busy hour burdens all alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.case import Case
from benchmarks.contestant.settings import DEFAULTS, REFERENCES, Ours, Settings, Theirs
from benchmarks.measure import Failed, Job, Measurement, measure

OURS, THEIRS, TUNED = "Tunesmith", "TRL, defaults", "TRL, tuned"
TRIAL_STEPS = REFERENCE_STEPS = 3

Say = Callable[[str], None]


@dataclass(frozen=True)
class Trial:
    """One candidate for the tuned settings: tokens per second, or why there are none."""

    settings: Theirs
    tokens_per_second: float | None
    failure: str | None = None


@dataclass(frozen=True)
class Series:
    """What was measured of one case: runs by contestant, and one each in float32 on equal minibatches."""

    case: Case
    tuned: Theirs
    trials: Sequence[Trial]
    runs: Mapping[str, Sequence[Measurement]]
    references: Mapping[str, Measurement]

    def median(self, contestant: str, value: Callable[[Measurement], float]) -> float:
        """Give the median of a value over a contestant's runs."""
        return median(value(run) for run in self.runs[contestant])

    def speed(self, contestant: str) -> float:
        """Give the median of a contestant's tokens per second."""
        return self.median(contestant, lambda run: run.tokens_per_second)

    def difference(self, value: Callable[[Measurement], Sequence[float]]) -> float:
        """Give the largest relative difference between both references, of losses or of gradient norms."""
        ours, theirs = value(self.references[OURS]), value(self.references[THEIRS])
        assert len(ours) == len(theirs) > 0
        return max(abs(mine - other) / abs(other) for mine, other in zip(ours, theirs, strict=True))

    def to_json(self) -> dict[str, Any]:
        """Give plain values, with the medians that follow from them."""
        summary = {
            name: {"tokens_per_second": self.speed(name), "against": self.speed(OURS) / self.speed(name)}
            for name in self.runs
        }
        return {
            **asdict(self),
            "summary": summary,
            "loss_difference": self.difference(lambda run: run.losses),
            "gradient_norm_difference": self.difference(lambda run: run.gradient_norms),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Series:
        """Take back what `to_json` gave."""
        trials = [Trial(**{**trial, "settings": Theirs(**trial["settings"])}) for trial in values["trials"]]
        runs = {name: [Measurement.from_json(one) for one in some] for name, some in values["runs"].items()}
        references = {name: Measurement.from_json(one) for name, one in values["references"].items()}
        return cls(Case(**values["case"]), Theirs(**values["tuned"]), trials, runs, references)


def run(case: Case, repetitions: int, candidates: Sequence[Theirs], say: Say) -> Series:
    """Try the candidates, compare losses in float32, then measure all contestants in turn.

    Raises Failed if a measurement does not end well; only a candidate may. A single candidate is not tried.
    """
    tried = candidates if len(candidates) > 1 else ()
    trials = [_try(case.shortened(TRIAL_STEPS), candidate, say) for candidate in tried]
    tuned = best(trials) if trials else candidates[0]
    first = case.shortened(REFERENCE_STEPS)
    ours, theirs = (_measure(first, one, say, f"reference, {one.describe()}") for one in REFERENCES)
    contestants: dict[str, Settings] = {OURS: Ours(), THEIRS: DEFAULTS, TUNED: tuned}
    runs: dict[str, list[Measurement]] = {name: [] for name in contestants}
    for number in range(1, repetitions + 1):
        for name, settings in contestants.items():
            runs[name].append(_measure(case, settings, say, f"{name}, {number} of {repetitions}"))
    return Series(case, tuned, trials, runs, {OURS: ours, THEIRS: theirs})


def _try(case: Case, settings: Theirs, say: Say) -> Trial:
    try:
        measured = _measure(case, settings, say, f"trial, {settings.describe()}")
    except Failed as failure:
        say(f"{case.name}: {settings.describe()} cannot be used: {failure}")
        return Trial(settings, None, str(failure))
    return Trial(settings, measured.tokens_per_second)


def best(trials: Sequence[Trial]) -> Theirs:
    """Give the settings that were fastest; raises Failed if none could be used."""
    usable = [(trial.tokens_per_second, trial) for trial in trials if trial.tokens_per_second is not None]
    if not usable:
        raise Failed("none of TRL's settings could be used")
    return max(usable, key=lambda pair: pair[0])[1].settings


def _measure(case: Case, settings: Settings, say: Say, what: str) -> Measurement:
    measured = measure(Job(case, settings))
    say(f"{case.name}: {what}: {measured.tokens_per_second:,.0f} tokens/s")
    return measured
