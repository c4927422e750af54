"""The training loop: a generator of steps. The caller logs, validates, saves or stops."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import torch

from tunesmith.core.cards import Encoded, Loss, Plan, Step
from tunesmith.core.contracts import Objective
from tunesmith.core.errors import BadRecipe, NonFinite, OutOfMemory
from tunesmith.engine.forward import Forward
from tunesmith.engine.passes import Pass
from tunesmith.engine.randomness import random_state, set_random_state
from tunesmith.engine.ranks import Ranks
from tunesmith.engine.update import Updater


@dataclass
class Budget:
    """How a step is cut: tokens in a pass, halved when memory runs out, and layers computed twice."""

    tokens_per_pass: int
    checkpointed: int = 0
    halved: bool = False


def train(
    forward: Forward,
    objective: Objective,
    plans: Iterable[Plan],
    updater: Updater,
    budget: Budget,
    is_asked_to_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Step]:
    """Take one optimizer step per plan and yield it; between two steps the state may be saved or changed.

    The loss of a step is a sum over all its tokens, divided once by the plan's weight: how a plan is cut
    into passes changes nothing but rounding. Where memory runs out, the step begins again from the same
    weights with passes of half the size. Raises NonFinite, before the step is taken, if a loss or gradient is
    not a number, and OutOfMemory if not even a single row fits.

    Asked to stop, it ends after the pass it is in; all is then as after the last step that was yielded.

    Where several processes train together (torch.distributed), each computes its share of every step, and
    only whole steps are taken: the others would wait for one that stopped.
    """
    ranks = Ranks.here()
    if ranks.size > 1 and forward.reading.task.says == "vector":
        raise BadRecipe("Texts are compared with all others of a step: train vectors in one process.")
    must_stop = is_asked_to_stop if ranks.size == 1 else lambda: False
    for plan in plans:
        started = perf_counter()
        forward.network.train()
        mine = replace(plan, sequences=tuple(ranks.share(plan.sequences)))
        gathered = _gather(forward, objective, mine, updater, budget, must_stop)
        if gathered is None:
            return
        seen = ranks.add_up(gathered, updater.parameters.values())
        try:
            norm, rate = updater.update(1 / seen.weight, plan.step)
        except NonFinite as error:
            raise NonFinite(f"{error} The step had rows {_named(plan.sequences)}.") from None
        seconds = perf_counter() - started
        yield Step(plan.step, plan.epoch, seen.mean, seen.weight, plan.tokens, norm, rate, seconds)


def _gather(
    forward: Forward,
    objective: Objective,
    plan: Plan,
    updater: Updater,
    budget: Budget,
    must_stop: Callable[[], bool],
) -> Loss | None:
    """Sum losses and gradients over all passes of a step; None, and nothing changed, if it must stop."""
    before = random_state()
    while True:
        try:
            seen = _backward(forward, objective, plan, budget, must_stop)
            if seen is not None:
                return seen
            is_over = True
        except RuntimeError as error:
            longest = max(len(row) for row in plan.sequences)
            if not _is_out_of_memory(error):
                raise
            if budget.tokens_per_pass <= longest:
                raise OutOfMemory(
                    f"step {plan.step}: memory does not suffice for one row of {longest} tokens. Nothing was "
                    "updated. Set data.max_tokens with data.too_long: truncate, or choose a smaller base."
                ) from None
            budget.tokens_per_pass, budget.halved = max(longest, budget.tokens_per_pass // 2), True
            is_over = False
        # Outside the handler: the error's traceback would keep the failed pass alive.
        updater.forget()
        forward.forget()
        set_random_state(before)
        if is_over:
            return None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _backward(
    forward: Forward, objective: Objective, plan: Plan, budget: Budget, must_stop: Callable[[], bool]
) -> Loss | None:
    seen = Loss.nothing()
    for batch in forward.passes(plan.sequences, budget.tokens_per_pass):
        if must_stop():
            return None
        loss, beside = forward.cost(batch, objective)
        _check(loss.detached(), plan, batch)
        assert isinstance(loss.total, torch.Tensor)
        (loss.total + beside).backward()
        seen += loss.detached()
    return seen


def _is_out_of_memory(error: RuntimeError) -> bool:
    # The CPU's allocator has no error class of its own.
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def _check(loss: Loss, plan: Plan, batch: Pass) -> None:
    if not math.isfinite(loss.mean):
        rows = [plan.sequences[number] for number in batch.numbers]
        raise NonFinite(
            f"step {plan.step}: the loss of rows {_named(rows)} is {loss.mean}. Nothing was updated; the "
            "last checkpoint is intact. A lower training.learning_rate or a look at these rows usually helps."
        )


def _named(rows: Sequence[Encoded]) -> str:
    return ", ".join(row.key for row in rows[:5]) + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")
