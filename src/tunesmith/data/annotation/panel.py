"""How far the annotators of a project agree, all together and two by two."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from tunesmith.core.report import Interval
from tunesmith.data.annotation.agreement import Level, alpha, kappa
from tunesmith.data.annotation.project import Annotation, Settings, Task

RELIABLE, TENTATIVE = 0.8, 0.667
"""From where on alpha lets conclusions be drawn, and tentative ones.

Krippendorff, 2004, https://doi.org/10.1111/j.1468-2958.2004.tb00738.x
"""


@dataclass(frozen=True)
class Pair:
    """Two annotators: rows that both did, the share on which they say the same, and Cohen's kappa."""

    first: str
    second: str
    rows: int
    share: float
    kappa: Interval | None


@dataclass(frozen=True)
class Panel:
    """All annotators: `rows` were done by two or more; `share` of these have one value only.

    `alpha` is Krippendorff's; None where nothing can be said, or answers are free text.
    """

    rows: int
    share: float
    level: Level
    alpha: Interval | None
    pairs: tuple[Pair, ...]
    sentence: str


def agreement(settings: Settings, standing: Iterable[tuple[Task, Sequence[Annotation]]]) -> Panel:
    """Measure agreement on the rows that several people did; those who settled rows do not count."""
    units = [unit for _, said in standing for unit in _units(said) if len(unit) > 1]
    level: Level = "ordinal" if settings.work in ("ratings", "ranking") else "nominal"
    values = _values(settings, units)
    measured = None
    if settings.work != "answers":  # two free texts are hardly ever the same by chance
        measured = alpha([list(unit.values()) for unit in units], values, level)
    people = sorted({person for unit in units for person in unit})
    pairs = [_pair(first, second, units, values, level) for first, second in combinations(people, 2)]
    same = sum(len(set(unit.values())) == 1 for unit in units)
    share = same / len(units) if units else 0.0
    said = _sentence(len(units), measured)
    return Panel(len(units), share, level, measured, tuple(pair for pair in pairs if pair.rows), said)


Unit = Mapping[str, Hashable]
"""What each annotator said of one row, or of one pair of answers."""


def _units(said: Sequence[Annotation]) -> list[Unit]:
    usable = [one for one in said if one.role == "annotator" and one.kind not in ("skip", "flag")]
    if not usable or usable[0].kind != "ranking":
        return [{one.annotator: _plain(one.value) for one in usable}]
    by_pair: dict[tuple[str, str], dict[str, Hashable]] = {}
    for one in usable:
        answers = one.value["answers"]
        rank = {answers[place]: rank for rank, group in enumerate(one.value["order"]) for place in group}
        for first, second in combinations(sorted(answers), 2):
            apart = rank[second] - rank[first]
            by_pair.setdefault((first, second), {})[one.annotator] = (apart > 0) - (apart < 0)
    return list(by_pair.values())


def _plain(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


def _values(settings: Settings, units: Sequence[Unit]) -> list[Any]:
    if settings.work == "ratings":
        return list(range(1, settings.highest + 1))
    if settings.work == "ranking":
        return [-1, 0, 1]
    return sorted({value for unit in units for value in unit.values()}, key=repr)


def _pair(first: str, second: str, units: Sequence[Unit], values: Sequence[Any], level: Level) -> Pair:
    both = [(unit[first], unit[second]) for unit in units if first in unit and second in unit]
    share = sum(one == other for one, other in both) / len(both) if both else 0.0
    # Free texts have no table of values to speak of.
    is_free = bool(both) and isinstance(both[0][0], str)
    weights = "quadratic" if level == "ordinal" else "none"
    return Pair(first, second, len(both), share, None if is_free else kappa(both, values, weights))


def _sentence(rows: int, measured: Interval | None) -> str:
    if not rows:
        return "No row was done by two people yet, so nothing can be said of how far they agree."
    if measured is None:
        return "Beyond chance nothing can be said: the values are free texts, or all of them the same."
    if measured.low >= RELIABLE:
        return f"What people say can be relied on: all of the interval is above {RELIABLE}."
    if measured.high < TENTATIVE:
        return "People do not agree. Say more in the guidelines, settle disagreements, and annotate again."
    return "Not certain yet. More rows that two people do narrow the interval; settle what they disagree on."
