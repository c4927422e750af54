"""Which bases and methods fit a recipe and this machine, what they would take, and which to choose.

Nothing is trained and no weights are loaded: memory and time follow from sizes (`estimate.py`) and
from the speed that was measured here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2

from tunesmith.core.contracts import Method
from tunesmith.core.registry import Registry
from tunesmith.core.task import Storage
from tunesmith.lifecycle.advise.candidates import Candidate, Licence, others, own
from tunesmith.lifecycle.advise.estimate import PROCESS, Estimate, Machine, estimate
from tunesmith.lifecycle.advise.footprint import OWN_FORMAT, SERVED_AS_LORA, Change, change_of
from tunesmith.lifecycle.advise.known_bases import known_bases
from tunesmith.lifecycle.assemble import Prepared
from tunesmith.lifecycle.doctor import ceilings
from tunesmith.lifecycle.doctor.examine import room
from tunesmith.lifecycle.storage import COPIES
from tunesmith.model.bases import Bases

JUDGED = ("full", "lora", "qlora", "features")
"""One method of each kind is judged, and the recipe's own; others take about what lora does."""
PATIENT_HOURS = 12.0
"""What is recommended takes no longer than a night."""
MANY_TOKENS = 50e6
"""With more than these to learn from, changing every weight learns more (https://arxiv.org/abs/2405.09673)."""
SMALL_ENCODER = 500e6
USUAL_YEAR = 2019


@dataclass(frozen=True)
class Choice:
    """A base with a method: what it would take, and the engines that serve its adapter."""

    base: str
    method: str
    learns: int
    estimate: Estimate
    adapter_served_by: tuple[str, ...]

    @property
    def hours(self) -> float:
        """Hours of training and validation."""
        return self.estimate.seconds / 3600


@dataclass(frozen=True)
class Advice:
    """What was judged, what was left out and why, and what is recommended, if anything fits."""

    machine: Machine
    own_method: str
    candidates: tuple[Candidate, ...]
    choices: tuple[Choice, ...]
    left_out: Mapping[str, str]
    recommended: Choice | None
    why: str


@dataclass(frozen=True)
class Judgement:
    """Does a recipe fit this machine as it is? `sentence` says so, with memory and hours."""

    sentence: str
    fits: bool | None
    choice: Choice | None


def judge(prepared: Prepared, machine: Machine | None = None) -> Judgement:
    """Judge a recipe's own base and method on this machine; measured here unless a machine is given."""
    machine = machine or this_machine()
    candidate = own(prepared, known_bases())
    if isinstance(candidate, str):
        return Judgement(f"Memory and time cannot be estimated: {candidate}.", None, None)
    name = prepared.recipe.method.name
    choice = _choice(candidate, name, prepared.parts.method, prepared, machine)
    if choice is None:
        return Judgement(f"Memory and time of method {name} cannot be estimated.", None, None)
    peak, free = choice.estimate.peak / 2**30, (machine.room + PROCESS[machine.device]) / 2**30
    if not choice.estimate.fits:
        least = choice.estimate.least / 2**30
        sentence = f"It does not fit: {name} on {candidate.name} needs {least:.1f} GiB, {free:.1f} are free."
        return Judgement(f"{sentence} See what does: tunesmith advise.", False, choice)
    return Judgement(
        f"It fits: about {peak:.1f} of {free:.1f} GiB that are free, and {hours(choice.hours)} of training.",
        True,
        choice,
    )


def advise(
    prepared: Prepared, bases: Bases, licence: Licence = "permissive", machine: Machine | None = None
) -> Advice:
    """Judge the recipe's own base and all others that suit its task, with one method of each kind."""
    machine = machine or this_machine()
    found, left_out = others(prepared, bases, licence)
    mine = own(prepared, bases)
    candidates = found if isinstance(mine, str) else [mine, *found]
    if isinstance(mine, str):
        left_out = {prepared.recipe.base: mine, **left_out}
    methods = _methods(prepared)
    tried = (_choice(one, *named, prepared, machine) for one in candidates for named in methods.items())
    choices = [choice for choice in tried if choice is not None]
    for one in candidates:
        if not any(choice.estimate.fits for choice in choices if choice.base == one.name):
            left_out[one.name] = _too_large(one, choices, machine)
    recommended, why = _recommend(candidates, choices, prepared)
    method = prepared.recipe.method.name
    return Advice(machine, method, tuple(candidates), tuple(choices), left_out, recommended, why)


def this_machine(memory: float | None = None) -> Machine:
    """Measure this machine; `memory` in bytes is thought of instead of what is free."""
    from tunesmith.engine.memory import MARGIN

    found = room(ceilings.measure())
    return found if memory is None else replace(found, room=memory * MARGIN - PROCESS[found.device])


def hours(count: float) -> str:
    """Write hours so that they can be grasped: minutes below one, days above two."""
    if count < 1:
        return f"{max(1, round(60 * count))} min"
    return f"{count:.1f} h" if count < 48 else f"{count / 24:.0f} days"


def _methods(prepared: Prepared) -> dict[str, Method]:
    """Make the methods that are judged: the recipe's own with its options, others with their defaults."""
    registry = Registry("method", Method)
    known, mine = registry.names(), prepared.recipe.method.name
    says_classes = prepared.dataset.task.says != "language"
    judged = [name for name in JUDGED if name in known and (name != "features" or says_classes)]
    return {mine: prepared.parts.method} | {name: registry.build(name, {}) for name in judged if name != mine}


def _choice(
    candidate: Candidate, name: str, method: Method, prepared: Prepared, machine: Machine
) -> Choice | None:
    change = change_of(name, method, candidate.shape)
    if change is None or not change.learns:
        return None
    held = _held(candidate, change, prepared, machine)
    taken = estimate(candidate.shape, change, candidate.work, machine, held)
    return Choice(candidate.name, name, change.learns, taken, _servers(candidate, name, method, prepared))


def _held(candidate: Candidate, change: Change, prepared: Prepared, machine: Machine) -> Storage:
    """Say how the weights would be held, as `lifecycle/storage.py` and the recipe have it."""
    if change.holds is not None:
        return change.holds
    asked = prepared.recipe.training.storage
    may_be_narrow = change.beside and candidate.stored in ("bfloat16", "float16")
    if not may_be_narrow or asked == "float32":
        return "float32"
    is_short = 4 * COPIES * candidate.shape.parameters > machine.room
    return "stored" if asked == "stored" or is_short else "float32"


def _servers(candidate: Candidate, name: str, method: Method, prepared: Prepared) -> tuple[str, ...]:
    """Name the engines that serve the adapter; none where the method leaves none, but whole weights."""
    if not method.leaves_adapter:
        return ()
    engines = ["tunesmith"]
    if name not in OWN_FORMAT:
        engines.append("transformers")
    kind = candidate.architecture
    if kind and name in SERVED_AS_LORA and prepared.dataset.task.says == "language":
        engines += [word for word, does in (("vllm", kind.vllm), ("sglang", kind.sglang)) if does]
    return tuple(engines)


def _too_large(candidate: Candidate, choices: Sequence[Choice], machine: Machine) -> str:
    needs = [choice.estimate.least for choice in choices if choice.base == candidate.name]
    if not needs:
        return "no method that is judged suits it"
    free = (machine.room + PROCESS[machine.device]) / 2**30
    return f"it needs at least {min(needs) / 2**30:.1f} GiB, {free:.1f} are free"


def _recommend(
    candidates: Sequence[Candidate], choices: Sequence[Choice], prepared: Prepared
) -> tuple[Choice | None, str]:
    """Choose the most capable base that fits and is trained within a night, and say why."""
    fitting = [choice for choice in choices if choice.estimate.fits]
    if not fitting:
        return None, "Nothing fits into this memory. Shorter rows (data.max_tokens) need less."
    quick = [choice for choice in fitting if choice.hours <= PATIENT_HOURS]
    if not quick:
        best = min(fitting, key=lambda choice: choice.hours)
        return best, f"Nothing that fits is trained within {PATIENT_HOURS:.0f} h here; this is the quickest."
    by_name = {one.name: one for one in candidates}
    within_reach = [by_name[choice.base] for choice in quick]
    open_ones = [one for one in within_reach if one.is_own or not one.is_gated] or within_reach
    best_base = max(open_ones, key=lambda one: _capability(one, prepared.dataset.kind == "conversations"))
    mine = {choice.method: choice for choice in quick if choice.base == best_base.name}
    order = _preferred(best_base)
    best = next((mine[name] for name in order if name in mine), next(iter(mine.values())))
    return best, _why(best, best_base)


def _capability(one: Candidate, wants_template: bool) -> float:
    """Rank bases: twice the parameters, or two years, count the same; a chat template counts as much.

    Of experts only those count that a token goes through: adapters beside layers do not reach them. A rule of
    thumb, no measurement: the verdict of a run measures.
    """
    size = log2(one.shape.active)
    return size + ((one.released or USUAL_YEAR) - USUAL_YEAR) / 2 + (wants_template and one.has_template)


def _preferred(base: Candidate) -> tuple[str, ...]:
    is_small = base.shape.family == "encoder" and base.shape.parameters < SMALL_ENCODER
    if is_small or base.work.distinct > MANY_TOKENS:
        return ("full", *JUDGED)
    return ("lora", "qlora", "full")


def _why(best: Choice, base: Candidate) -> str:
    reasons = {
        "lora": "adapters learn as much from so little text, need less memory, and are served side by side",
        "qlora": "in 16 bits the base would not fit",
        "full": "there is room to change every weight, and that learns the most",
    }
    size = f"{base.shape.parameters / 1e9:.2g} billion parameters"
    chosen = reasons.get(best.method, "it is what the recipe asks for")
    limit = f"{PATIENT_HOURS:.0f} h"
    return (
        f"Of all that fit and take no longer than {limit}, {best.base} ({size}) promises most by size and "
        f"year; {best.method}, because {chosen}."
    )
