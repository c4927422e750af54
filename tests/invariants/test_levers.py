"""Whatever lever is pulled, every token's log-probability and every gradient are those of one row at a time.

The oracle runs row by row, computes all logits and takes a plain log-softmax. In float64 its attention and
experts are plain products, and nothing that transformers would narrow to float32 is narrowed.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property

import pytest
import torch
from transformers import PreTrainedModel

from engine_parts import branching_rows, constant, naive_logprobs, trainable_of
from tiny_networks import (
    ARCHITECTURES,
    OWN_LOGITS,
    PADDED,
    Outcome,
    at_once,
    float64_kept,
    network_of,
    one_at_a_time,
    with_adapter,
)
from tunesmith.core.cards import Plan
from tunesmith.engine.fit import fit, pulled
from tunesmith.engine.forest import Segment
from tunesmith.engine.forward import PLAIN, Forward, Levers
from tunesmith.engine.layout import Layout
from tunesmith.engine.loop import Budget, train
from tunesmith.engine.passes import Packing, Pass
from tunesmith.engine.update import Updater
from tunesmith.objective.sft import SFT

ROWS = branching_rows()
BUDGET = 100
"""Tokens per pass: fewer than one row has, and so few that trees are cut into several passes."""
WHOLE = 10_000

TOLERANCE = {torch.float32: (1e-5, 1e-4), torch.float64: (1e-10, 1e-10)}
"""The largest difference of a log-probability in nats, and of a gradient relative to its size."""


def packings(architecture: str) -> tuple[Packing, ...]:
    return ("padded",) if architecture in PADDED else ("padded", "flat", "forest")


EVERY: dict[Packing, tuple[tuple[bool, bool], ...]] = {
    "forest": ((True, True), (False, False)),
    "flat": ((True, False), (False, True)),
    "padded": ((True, True), (False, True), (True, False)),
}
"""Own head or not, LoRA in groups or not: any two levers are seen both on, both off and each alone."""
SOME: dict[Packing, tuple[tuple[bool, bool], ...]] = {
    "forest": ((True, True),),
    "flat": ((False, True), (True, False)),
    "padded": ((False, True),),
}


def combinations(case: "Case") -> list[Levers]:
    """Give the levers to try; all of them in float64, where nothing hides in rounding."""
    own = case.architecture not in OWN_LOGITS
    chosen = EVERY if case.dtype is torch.float64 else SOME
    found = [
        Levers(packing, own and head, case.adapter and grouped)
        for packing in packings(case.architecture)
        for head, grouped in chosen[packing]
    ]
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Case:
    """One architecture, trained in full or by an adapter that already counts, in one precision."""

    architecture: str
    adapter: bool
    dtype: torch.dtype

    def __str__(self) -> str:
        return f"{self.architecture}-{'lora' if self.adapter else 'full'}-{str(self.dtype).split('.')[-1]}"

    @cached_property
    def network(self) -> PreTrainedModel:
        network = network_of(self.architecture, "eager" if self.dtype is torch.float64 else None)
        return (with_adapter(network) if self.adapter else network).to(self.dtype)

    @cached_property
    def alone(self) -> Outcome:
        return one_at_a_time(self.network, ROWS)

    def assert_same(self, levers: Levers, budget: int = BUDGET) -> None:
        with pulled(self.network, levers) as forward:
            found = at_once(forward, ROWS, budget)
        logprobs, gradients = TOLERANCE[self.dtype]
        assert found.distance(self.alone) < logprobs, levers
        assert found.gradient_distance(self.alone) < gradients, levers


CASES = [
    Case(architecture, adapter, dtype)
    for dtype in TOLERANCE
    for architecture in ARCHITECTURES
    for adapter in (False, True)
]


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    with float64_kept() if request.param.dtype is torch.float64 else nullcontext():
        yield replace(request.param)  # a copy, so that the network is forgotten afterwards


def test_no_lever_changes_a_log_probability_or_a_gradient(case: Case) -> None:
    every = combinations(case)
    assert len(every) >= (1 if case.architecture in PADDED else 4)
    for levers in every:
        case.assert_same(levers)


def test_the_levers_that_fit_chooses_change_nothing_in_one_large_pass(case: Case) -> None:
    with fit(case.network) as forward:
        levers = forward.levers
    assert levers.packing == packings(case.architecture)[-1]
    case.assert_same(levers, WHOLE)


def test_the_adapter_counts(case: Case) -> None:
    if not case.adapter:
        assert len(case.alone.gradients) == len(list(case.network.parameters()))
        return
    assert all("lora_" in name for name in case.alone.gradients)
    with case.network.disable_adapter():  # type: ignore[attr-defined]  # it is peft's wrapping
        base = torch.stack(naive_logprobs(case.network, ROWS[0]))
    assert float((base - case.alone.logprobs[0]).abs().max()) > 1000 * TOLERANCE[torch.float32][0]


def test_the_rows_give_every_lever_something_to_do() -> None:
    with pulled(network_of("llama"), Levers()) as forward:
        batches = list(forward.passes(ROWS, BUDGET))
        (whole,) = forward.passes(ROWS, WHOLE)
    assert len(batches) == 3
    assert max(batch.ids_BT.numel() for batch in batches) > BUDGET
    for found in (batches, [whole]):
        layouts = [batch.layout for batch in found if batch.layout is not None]
        segments = [segment for layout in layouts for segment in layout.segments]
        assert max(len(segment.before) for segment in segments) == 2
        assert any(batch.terms_C is not None for batch in found)
    assert whole.layout is not None
    assert max(fold.count for fold in whole.layout.folds) == 2
    assert sum(row.trained == 1 for row in ROWS) == 2


def merged(batch: Pass) -> Pass:
    """Let every token see all tokens before it, of whatever row."""
    return replace(batch, layout=Layout((Segment(0, batch.ids_BT.shape[1]),)))


def uprooted(batch: Pass) -> Pass:
    """Let no branch see what it goes on from."""
    assert batch.layout is not None
    return replace(batch, layout=Layout(tuple(Segment(s.start, s.end) for s in batch.layout.segments)))


def counted_on(batch: Pass) -> Pass:
    """Let positions run on from row to row."""
    return replace(batch, positions_BT=torch.arange(batch.ids_BT.shape[1])[None] % 128)


def one_too_early(batch: Pass) -> Pass:
    """Read each prediction off the token before."""
    return replace(batch, rows_S=(batch.rows_S - 1).clamp(min=0))


@dataclass(frozen=True)
class Contaminated(Forward):
    """A forward whose passes are spoiled."""

    spoil: Callable[[Pass], Pass] = merged

    def logprobs(self, batch: Pass) -> torch.Tensor:
        """Spoil the pass first."""
        return super().logprobs(self.spoil(batch))


@pytest.mark.parametrize("spoil", [merged, uprooted, counted_on, one_too_early])
@pytest.mark.parametrize("architecture", ["llama", "gpt2", "gemma2"])
def test_a_contaminated_pass_is_far_outside_the_tolerance(
    architecture: str, spoil: Callable[[Pass], Pass]
) -> None:
    case = Case(architecture, adapter=False, dtype=torch.float32)
    with pulled(case.network, Levers()) as forward:
        found = at_once(Contaminated(**vars(forward), spoil=spoil), ROWS, WHOLE)
    logprobs, gradients = TOLERANCE[case.dtype]
    assert found.distance(case.alone) > 1000 * logprobs
    assert found.gradient_distance(case.alone) > 1000 * gradients


@pytest.mark.parametrize("adapter", [False, True], ids=["full", "lora"])
@pytest.mark.parametrize(
    "architecture", ["llama", "qwen3", "gemma2", "gpt2", "phi"]
)  # no router: it can flip
def test_in_bfloat16_all_levers_stay_within_what_its_digits_allow(architecture: str, adapter: bool) -> None:
    case = Case(architecture, adapter, torch.float32)
    with fit(case.network, compute=torch.bfloat16) as forward:
        assert forward.levers == Levers()
        found = at_once(forward, ROWS, BUDGET)
        spoiled = at_once(Contaminated(**vars(forward), spoil=merged), ROWS, WHOLE)
    assert 0 < found.distance(case.alone) < 0.25
    assert found.gradient_distance(case.alone) < 0.08
    assert spoiled.gradient_distance(case.alone) > 0.3


STEPS = 50


def losses(architecture: str, adapter: bool, dtype: torch.dtype, levers: Levers) -> list[float]:
    """Train for 50 steps of four rows each, and give every step's loss."""
    network = Case(architecture, adapter, dtype).network
    plans = [Plan(n, 1, tuple(ROWS[(n * 3 + k) % len(ROWS)] for k in range(4))) for n in range(1, STEPS + 1)]
    updater = Updater(trainable_of(network), constant(2e-3), STEPS)
    with pulled(network, levers) as forward:
        return [step.loss for step in train(forward, SFT(), plans, updater, Budget(2 * BUDGET))]


@pytest.mark.parametrize("adapter", [False, True], ids=["full", "lora"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-10)], ids=str)
def test_fifty_steps_learn_the_same_with_all_levers_as_with_none(
    adapter: bool, dtype: torch.dtype, tolerance: float
) -> None:
    with float64_kept() if dtype is torch.float64 else nullcontext():
        fast, plain = (losses("qwen2", adapter, dtype, levers) for levers in (Levers(), PLAIN))
    assert len(fast) == STEPS
    assert sum(fast[-10:]) < 0.8 * sum(fast[:10])
    assert fast == pytest.approx(plain, rel=tolerance)
