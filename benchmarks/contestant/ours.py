"""Tunesmith: the engine as the lifecycle runs it, with the defaults of the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.case import Case
from benchmarks.contestant.settings import Ours
from benchmarks.contestant.trained import LEARNING_RATE, Trained
from benchmarks.floor import Counts, Ran, Repeated, triangle
from benchmarks.gauge import now
from tunesmith.core.cache import Cache
from tunesmith.core.cards import Encoded, Plan
from tunesmith.core.recipe import Training
from tunesmith.engine.allocator import keep_freed_memory
from tunesmith.engine.fit import fit
from tunesmith.engine.loop import Budget, train
from tunesmith.engine.memory import MemoryPlan, checkpointed, plan_memory, room_for
from tunesmith.engine.precision import choose
from tunesmith.engine.trunk import with_trunk
from tunesmith.engine.update import Updater
from tunesmith.objective.sft import SFT

if TYPE_CHECKING:
    from tunesmith.engine.forward import Forward
    from tunesmith.engine.passes import Pass

WEIGHTS = {"cpu": "float32", "cuda": "bfloat16"}
"""What weights are kept in where precision is left to the engine."""


def run(case: Case, settings: Ours) -> Trained:
    """Train on every minibatch of the case, the way the training corridor does."""
    keep_freed_memory()
    _, shape, change = case.of
    weights = WEIGHTS[case.device] if settings.precision == "auto" else settings.precision
    network = change.apply(shape.build(case.device, weights))
    precision = choose(settings.precision, network.device)
    training = Training(learning_rate=LEARNING_RATE, schedule="constant", warmup=0.0)
    parameters = {name: p for name, p in network.named_parameters() if p.requires_grad}
    plans, updater = case.plans, Updater(parameters, training, len(case.plans))
    with fit(network, compute=precision.compute) as forward:
        memory = _memory(forward, case, training, updater)
        budget = Budget(memory.tokens_per_pass, memory.checkpointed)
        shapes = sum((ran(forward, plan, budget.tokens_per_pass) for plan in plans), Ran())
        with checkpointed(network, budget.checkpointed), TemporaryDirectory() as folder:
            started = now(case.device)
            reading = _reading(forward, case, Path(folder))
            growing = now(case.device) - started
            timed = [(step, now(case.device)) for step in train(reading, SFT(), plans, updater, budget)]
    return Trained(
        # What is computed once beforehand counts as if it were done after the first step.
        ends=[end - growing * (place == 0) for place, (_, end) in enumerate(timed)],
        tokens=[step.tokens for step, _ in timed],
        losses=[step.loss for step, _ in timed],
        gradient_norms=[step.gradient_norm for step, _ in timed],
        ran=shapes,
        repeated=repeated(case, memory.checkpointed / shape.layers, has_trunk=reading.trunk is not None),
        dtype=str(precision.compute).removeprefix("torch."),
        notes=(precision.describe(), *reading.describe(), memory.describe()),
    )


def _memory(forward: Forward, case: Case, training: Training, updater: Updater) -> MemoryPlan:
    longest = max(map(len, case.rows))
    most = max(longest, training.tokens_per_step)
    room = room_for(forward.network.device)
    return plan_memory(forward, longest, training.tokens_per_pass, most, updater.bytes(), room)


def _reading(forward: Forward, case: Case, folder: Path) -> Forward:
    if case.of[0].epochs == 1:
        return forward
    return with_trunk(forward, case.rows, Cache(folder), "random")


def repeated(case: Case, checkpoints: float, *, has_trunk: bool = False) -> Repeated:
    """Say what the engine computes again or for nothing; where frozen layers are cached, they run once."""
    return Repeated(checkpoints=checkpoints, trunk=1 / case.of[0].epochs if has_trunk else 1)


def ran(forward: Forward, plan: Plan, budget: int) -> Ran:
    """Cut a step into passes once more, for their shapes."""
    passes = forward.passes(plan.sequences, budget)
    return sum((_shape(batch, plan.sequences) for batch in passes), Ran())


def _shape(batch: Pass, rows: Sequence[Encoded]) -> Ran:
    tokens, wanted = batch.ids_BT.numel(), len(batch.rows_S)
    if batch.layout is None:
        count, width = batch.ids_BT.shape
        lengths = [_read(rows[number]) for number in batch.numbers]
        causal = count * triangle(width)
        return Ran(Counts(tokens, causal, wanted), causal, wanted, sum(lengths), sum(map(triangle, lengths)))
    causal = sum(len(s) * s.depth + triangle(len(s)) for s in batch.layout.segments)
    # On a CPU a branch has a mask, and a mask is computed in full; on a GPU its corner is left out.
    squares = (
        0 if batch.ids_BT.is_cuda else sum(triangle(len(s) - 1) for s in batch.layout.segments if s.before)
    )
    return Ran(Counts(tokens, causal + squares, wanted), causal, wanted, tokens, causal)


def _read(row: Encoded) -> int:
    """Count the tokens of a row before its last wanted one."""
    return max(place for place, weight in enumerate(row.weights) if weight)
