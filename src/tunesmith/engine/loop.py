"""The training loop: a generator of steps. The caller logs, validates, saves or stops."""

import math
from collections.abc import Iterable, Iterator
from time import perf_counter

import torch

from tunesmith.core.cards import Loss, Model, Plan, Step
from tunesmith.core.contracts import Objective
from tunesmith.core.errors import NonFinite
from tunesmith.engine.forward import logprobs
from tunesmith.engine.passes import Pass, passes
from tunesmith.engine.update import Updater


def train(
    model: Model, objective: Objective, plans: Iterable[Plan], updater: Updater, tokens_per_pass: int
) -> Iterator[Step]:
    """Take one optimizer step per plan and yield it; between two steps the state may be saved or changed.

    The loss of a step is a sum over all its tokens, divided once by the plan's weight: how a plan is cut
    into passes changes nothing but rounding. Raises NonFinite, before the step is taken, if a loss or
    gradient is not a number.
    """
    for plan in plans:
        started = perf_counter()
        model.network.train()
        seen = Loss.nothing()
        for batch in passes(plan.sequences, tokens_per_pass, model.network.device):
            loss = objective.loss(logprobs(model.network, batch), batch.weights_R)
            _check(loss.detached(), plan, batch)
            assert isinstance(loss.total, torch.Tensor)
            loss.total.backward()
            seen += loss.detached()
        norm, rate = updater.update(1 / seen.weight, plan.step)
        seconds = perf_counter() - started
        yield Step(plan.step, plan.epoch, seen.mean, seen.weight, plan.tokens, norm, rate, seconds)


def _check(loss: Loss, plan: Plan, batch: Pass) -> None:
    if not math.isfinite(loss.mean):
        rows = ", ".join(batch.keys[:5]) + (f" and {len(batch.keys) - 5} more" if len(batch.keys) > 5 else "")
        raise NonFinite(
            f"step {plan.step}: the loss of rows {rows} is {loss.mean}. Nothing was updated; the "
            "last checkpoint is intact. A lower training.learning_rate or a look at these rows usually helps."
        )
