"""What counts, from what several people said of a row; where they disagree, that is said, never guessed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import median
from typing import Any, Literal

from tunesmith.core.example import Example, Message
from tunesmith.data.annotation.project import Annotation, Settings, Task, question

Policy = Literal["majority", "adjudicated", "single"]
"""Who decides: what more people say than anything else; all of them, or who settled it; one person alone."""

LARGEST_DIFFERENCE = 1
"""Ratings of the same row that are no further apart agree."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What counts. For rankings, `value` is a list of pairs: the better answer, then the worse.

    `agreement` is the share of the annotators who said what most of them said.
    """

    value: Any
    annotators: int
    agreement: float


@dataclass(frozen=True, slots=True)
class Undecided:
    """Why nothing counts, though somebody said something."""

    reason: Literal["annotators disagree", "flagged"]
    found: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Nobody wants this row: all skipped it, whoever settled it left it out, or no answer is better."""


Outcome = Decision | Undecided | LeftOut


def decide(said: Sequence[Annotation], policy: Policy, annotator: str = "") -> Outcome:
    """Decide from what stands of one row; `annotator` is whose word counts under policy `single`.

    Whoever settled a row decided it, unless one person alone counts. A flagged row waits to be settled.
    """
    if policy == "single":
        own = [one for one in said if one.annotator == annotator and one.role == "annotator"]
        return _counted(own, "majority")
    settled = [one for one in said if one.role == "adjudicator"]
    if settled:
        asked = [one for one in said if one.role == "annotator"]
        outcome = _counted(settled[-1:], "majority")
        if isinstance(outcome, Decision):
            return replace(outcome, annotators=len(_usable(asked)), agreement=_share(asked))
        return outcome
    return _counted(said, policy)


def examples(task: Task, decision: Decision, settings: Settings) -> Iterator[Example]:
    """Give the rows that a decision makes of a task, each at the place of the row it was made from."""
    about = {"annotators": decision.annotators, "agreement": round(decision.agreement, 4)}
    row = replace(task.row, fields={**task.row.fields, **about})
    asked = question(row)
    match settings.work:
        case "labels":
            labels = tuple(decision.value)
            answer = Message("assistant", ", ".join(labels))
            yield replace(row, messages=(*asked, answer), text="", labels=labels, value=None)
        case "answers":
            yield replace(row, messages=(*asked, _answer(row, decision.value)), text="")
        case "ranking":
            for number, (better, worse) in enumerate(decision.value):
                turns = (*asked, Message("assistant", better))
                made_by = f"annotations, pair {number + 1}" if number else row.made_by
                yield replace(row, messages=turns, rejected=(Message("assistant", worse),), made_by=made_by)
        case "ratings":
            yield replace(row, value=float(decision.value))


def in_words(one: Annotation) -> str:
    """Say in a few words what somebody said."""
    if one.kind == "labels":
        return ", ".join(one.value)
    if one.kind == "ranking":
        order = one.value["order"]
        return " before ".join(" and ".join(f"answer {place + 1}" for place in group) for group in order)
    return one.note if one.kind == "flag" else str(one.value)


def _counted(said: Sequence[Annotation], policy: Policy) -> Outcome:
    if flags := [one for one in said if one.kind == "flag"]:
        return Undecided("flagged", f"{flags[0].annotator}: {flags[0].note or 'no reason given'}")
    usable = _usable(said)
    if not usable:
        return LeftOut()
    kind = usable[0].kind
    value = _middle(usable, policy) if kind == "rating" else _most(usable, policy)
    if kind == "ranking":
        return _preferred(usable, policy)
    if value is None:
        return Undecided("annotators disagree", _opinions(usable))
    return Decision(value, len(usable), _share(usable))


def _usable(said: Sequence[Annotation]) -> list[Annotation]:
    return [one for one in said if one.kind not in ("skip", "flag")]


def _middle(usable: Sequence[Annotation], policy: Policy) -> float | None:
    ratings = [one.value for one in usable]
    are_near = max(ratings) - min(ratings) <= LARGEST_DIFFERENCE
    return median(ratings) if are_near or policy == "majority" else None


def _most(usable: Sequence[Annotation], policy: Policy) -> Any:
    """Give what most say; None for a tie, and wherever all must agree and do not."""
    winner = _winner([_spelled(one) for one in usable], policy)
    return next((one.value for one in usable if _spelled(one) == winner), None)


def _winner(votes: Sequence[Any], policy: Policy) -> Any:
    (first, number), *others = Counter(votes).most_common()
    is_tie = bool(others) and others[0][1] == number
    return None if is_tie or (others and policy == "adjudicated") else first


def _preferred(usable: Sequence[Annotation], policy: Policy) -> Outcome:
    """Let every two answers be voted on: people need not have seen the same ones."""
    votes: dict[tuple[str, str], list[int]] = {}
    for one in usable:
        answers = one.value["answers"]
        group = {answers[place]: rank for rank, places in enumerate(one.value["order"]) for place in places}
        for two in combinations(sorted(answers), 2):
            votes.setdefault(two, []).append(_sign(group[two[1]] - group[two[0]]))
    winners = {two: _winner(several, policy) for two, several in votes.items()}
    pairs = [two if winner > 0 else two[::-1] for two, winner in winners.items() if winner]
    if pairs:
        return Decision(pairs, len(usable), _share(usable))
    return Undecided("annotators disagree", _opinions(usable)) if None in winners.values() else LeftOut()


def _share(said: Sequence[Annotation]) -> float:
    usable = _usable(said)
    counts = Counter(_spelled(one) for one in usable)
    return max(counts.values(), default=0) / len(usable) if usable else 0.0


def _spelled(one: Annotation) -> str:
    """Spell equal values alike; a ranking by its answers, in whatever order they stood."""
    if one.kind != "ranking":
        return repr(one.value)
    answers = one.value["answers"]
    return repr([sorted(answers[place] for place in group) for group in one.value["order"]])


def _opinions(usable: Sequence[Annotation]) -> str:
    return "; ".join(f"{one.annotator}: {in_words(one)}" for one in usable)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _answer(row: Example, text: str) -> Message:
    """Keep an answer that was only confirmed as it was, with all that belongs to it."""
    last = row.messages[-1] if row.messages else None
    is_confirmed = last is not None and last.role == "assistant" and last.content.strip() == text
    return last if last is not None and is_confirmed else Message("assistant", text)
