import math
from array import array
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from engine_parts import constant, encoded, naive_logprobs, plans_of, random_rows, snapshot, take, trainable
from tunesmith.core.cards import Chat, Encoded, Loss, Model, Plan
from tunesmith.core.contracts import Objective
from tunesmith.core.errors import NonFinite, OutOfMemory
from tunesmith.core.example import Example
from tunesmith.engine.fit import fit
from tunesmith.engine.loop import Budget, train
from tunesmith.engine.randomness import seed_everything
from tunesmith.engine.update import Updater
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA
from tunesmith.model.load import load
from tunesmith.objective.sft import SFT

ROWS = random_rows(24)


@pytest.fixture
def model(tiny_model: Model) -> Model:
    return Full().apply(tiny_model, seed=0)


def poison(model: Model, token: int) -> None:
    with torch.no_grad():
        model.network.get_input_embeddings().weight[token] = math.nan


def holds(token: int) -> list[Encoded]:
    return [row for row in ROWS if token in row.ids[:-1]]


def test_a_step_says_what_was_trained(model: Model) -> None:
    plans = plans_of(ROWS, 8)
    steps = list(take(model, plans, constant(2e-3)))
    assert [step.number for step in steps] == [1, 2, 3]
    assert [step.weight for step in steps] == [plan.weight for plan in plans]
    assert [step.tokens for step in steps] == [plan.tokens for plan in plans]
    assert [step.learning_rate for step in steps] == [2e-3] * 3
    assert all(step.gradient_norm > 0 and step.seconds > 0 for step in steps)


def test_the_loss_is_the_mean_over_all_tokens_before_the_step(model: Model) -> None:
    plan = Plan(1, 1, tuple(ROWS[:6]))
    values = [value for row in plan.sequences for value in naive_logprobs(model.network, row)]
    (step,) = take(model, [plan], constant(), tokens_per_pass=50)
    assert step.loss == pytest.approx(-float(torch.stack(values).mean()), rel=1e-6)


def test_training_lowers_the_loss_of_what_is_trained(model: Model) -> None:
    steps = list(take(model, [Plan(n, 1, tuple(ROWS[:4])) for n in range(1, 31)], constant(1e-2)))
    assert steps[-1].loss < 0.5 * steps[0].loss


def test_a_step_is_whole_when_it_is_given(model: Model) -> None:
    before = snapshot(model)
    stream = take(model, plans_of(ROWS, 8), constant())
    next(stream)
    assert all(p.grad is None for p in trainable(model).values())
    after = snapshot(model)
    assert any(not torch.equal(after[name], value) for name, value in before.items())


def test_nothing_happens_between_two_steps(model: Model) -> None:
    stream = take(model, plans_of(ROWS, 8), constant())
    list(islice(stream, 2))
    now = snapshot(model)
    stream.close()
    assert all(torch.equal(now[name], value) for name, value in snapshot(model).items())


def test_a_network_left_for_evaluation_is_trained_in_training_mode(model: Model) -> None:
    modes: list[bool] = []

    def note(network: torch.nn.Module, _inputs: object, _output: object) -> None:
        if torch.is_grad_enabled():  # learning, not trying out what the network takes
            modes.append(network.training)

    model.network.base_model.register_forward_hook(note)
    for _ in take(model, plans_of(ROWS[:4], 2), constant(), tokens_per_pass=1000):
        model.network.eval()
    assert modes == [True, True]


@pytest.mark.parametrize("passes", [0, 1, 2])
def test_a_stop_in_the_middle_of_a_step_leaves_all_as_before_it(tiny_folder: Path, passes: int) -> None:
    one, other = (LoRA(rank=4, dropout=0.3).apply(load("tiny", tiny_folder), seed=1) for _ in range(2))
    plans, looks = plans_of(ROWS, 8), iter(range(1000))
    seed_everything(3)
    wanted = [step.loss for step in take(one, plans, constant(1e-2), tokens_per_pass=60)]
    seed_everything(3)
    updater = Updater(trainable(other), constant(1e-2), len(plans))
    with fit(other.network) as forward:
        first = next(train(forward, SFT(), plans, updater, Budget(60)))
        before, state = snapshot(other), torch.get_rng_state()
        assert not list(train(forward, SFT(), plans[1:], updater, Budget(60), lambda: next(looks) == passes))
        assert all(torch.equal(before[name], value) for name, value in snapshot(other).items())
        assert torch.equal(torch.get_rng_state(), state)
        rest = [step.loss for step in train(forward, SFT(), plans[1:], updater, Budget(60))]
    assert [first.loss, *rest] == wanted
    assert next(looks) == passes + 1  # it asked no more


def test_a_pass_that_fails_between_two_layers_of_a_group_is_let_go_before_the_next(tiny_model: Model) -> None:
    adapted = LoRA(rank=4).apply(tiny_model, seed=1)
    failures = iter([True])
    waiting: list[int] = []

    def fail(_layer: object, _inputs: object, _output: object) -> None:
        if torch.is_grad_enabled() and next(failures, False):
            waiting.append(sum(len(group.waiting) for group in forward.groups))
            raise torch.OutOfMemoryError("as if")

    def look(_layer: object, _inputs: object) -> None:
        waiting.append(sum(len(group.waiting) for group in forward.groups))

    with fit(adapted.network) as forward:
        gate = adapted.network.get_submodule("base_model.model.model.layers.1.mlp.gate_proj")
        gate.register_forward_hook(fail)  # up_proj, which reads the same, was computed with it
        adapted.network.get_input_embeddings().register_forward_pre_hook(look)
        updater, budget = Updater(trainable(adapted), constant(), 1), Budget(500)
        (step,) = train(forward, SFT(), plans_of(ROWS[:8], 8), updater, budget)
    assert budget.halved
    assert waiting[:3] == [0, 1, 0]
    assert math.isfinite(step.loss)


def test_no_plans_give_no_steps(model: Model) -> None:
    updater = Updater(trainable(model), constant(), 1)
    with fit(model.network) as forward:
        assert list(train(forward, SFT(), [], updater, Budget(128))) == []


def test_a_weight_scales_what_its_token_is_worth(model: Model) -> None:
    plain, other = ROWS[0], ROWS[1]
    doubled = replace(other, weights=array("f", [2 * weight for weight in other.weights]))
    first, second = (float(sum(naive_logprobs(model.network, row))) for row in (plain, other))
    (step,) = take(model, [Plan(1, 1, (plain, doubled))], constant())
    assert step.weight == plain.trained + 2 * other.trained
    assert step.loss == pytest.approx(-(first + 2 * second) / step.weight, rel=1e-6)


def test_a_loss_that_is_no_number_names_step_and_row_and_changes_nothing(model: Model) -> None:
    token = ROWS[9].ids[0]
    guilty = holds(token)
    first = next(n for n, plan in enumerate(plans_of(ROWS, 1), 1) if plan.sequences[0] in guilty)
    poison(model, token)
    stream = take(model, plans_of(ROWS, 1), constant())
    list(islice(stream, first - 1))
    before = snapshot(model)
    with pytest.raises(NonFinite, match=rf"^step {first}: the loss of rows {guilty[0].key} is nan"):
        next(stream)
    for name, value in snapshot(model).items():
        assert value.numpy().tobytes() == before[name].numpy().tobytes()


def test_of_the_rows_of_a_step_those_of_the_pass_are_named(model: Model) -> None:
    token = ROWS[9].ids[0]
    (guilty,) = [row.key for row in ROWS[4:12] if row in holds(token)]
    poison(model, token)
    with pytest.raises(NonFinite, match=rf"^step 1: the loss of rows {guilty} is nan"):
        list(take(model, [Plan(1, 1, tuple(ROWS[4:12]))], constant(), tokens_per_pass=1))


def test_of_many_rows_five_are_named_and_the_rest_counted(model: Model) -> None:
    for token in range(300):
        poison(model, token)
    with pytest.raises(
        NonFinite, match=r"the loss of rows (data.jsonl:\d+, ){4}data.jsonl:\d+ and 3 more is nan"
    ):
        list(take(model, plans_of(ROWS, 8), constant(), tokens_per_pass=1000))


@dataclass(frozen=True, kw_only=True)
class Steep(Objective):
    """A finite loss whose gradient is infinite."""

    takes = frozenset({"text"})

    def encode(self, example: Example, chat: Chat) -> list[Encoded]:
        """Never asked for here."""
        raise NotImplementedError

    def loss(self, logprobs: torch.Tensor, weights: torch.Tensor) -> Loss:
        """The root has an infinite slope at zero."""
        return Loss((logprobs * 0).abs().sqrt().sum(), float(weights.sum()))


def test_a_gradient_that_is_no_number_stops_before_the_step_is_taken(model: Model) -> None:
    before = snapshot(model)
    updater = Updater(trainable(model), constant(), 3)
    with fit(model.network) as forward, pytest.raises(NonFinite, match=r"^step 1: the gradient of .* is no"):
        next(train(forward, Steep(), plans_of(ROWS, 8), updater, Budget(128)))
    for name, value in snapshot(model).items():
        assert value.numpy().tobytes() == before[name].numpy().tobytes()


def test_the_gradient_is_that_of_the_mean_over_all_tokens(model: Model) -> None:
    plan = Plan(1, 1, tuple(ROWS[:6]))
    logits = [model.network(input_ids=torch.tensor([list(row.ids)])).logits[0] for row in plan.sequences]
    costs = [
        functional.cross_entropy(scores[place - 1], torch.tensor(row.ids[place]))
        for row, scores in zip(plan.sequences, logits, strict=True)
        for place, weight in enumerate(row.weights)
        if weight
    ]
    torch.stack(costs).mean().backward()
    norm = torch.nn.utils.get_total_norm([p.grad for p in model.network.parameters() if p.grad is not None])
    model.network.zero_grad()
    (step,) = take(model, [plan], constant(), tokens_per_pass=50)
    assert step.gradient_norm == pytest.approx(float(norm), rel=1e-5)


@dataclass(frozen=True, kw_only=True)
class Hungry(SFT):
    """Runs out of memory as soon as a pass asks for more predictions than it can hold."""

    room: int = 45
    complaint: type[RuntimeError] = torch.OutOfMemoryError

    def loss(self, logprobs: torch.Tensor, weights: torch.Tensor) -> Loss:
        """Fail as an allocator does."""
        if len(logprobs) > self.room:
            raise self.complaint("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory")
        return super().loss(logprobs, weights)


LOPSIDED = [
    encoded(range(10, 50), [0.0] * 39 + [1.0]),
    *(encoded(range(start, start + 10), [0.0] + [1.0] * 9) for start in range(100, 200, 10)),
]
"""Rows whose longest asks for least, so that memory runs out after some passes have left their gradients."""


def steps_of(model: Model, objective: Objective, budget: Budget) -> list[tuple[float, float]]:
    updater = Updater(trainable(model), constant(), 3)
    with fit(model.network) as forward:
        plans = [Plan(n, 1, tuple(LOPSIDED)) for n in (1, 2)]
        steps = list(train(forward, objective, plans, updater, budget))
    return [(step.loss, step.gradient_norm) for step in steps]


@pytest.mark.parametrize("complaint", [torch.OutOfMemoryError, RuntimeError])
@pytest.mark.parametrize(("allowed", "left"), [(100, 50), (70, 40), (400, 50)])
def test_where_memory_runs_out_passes_are_halved_down_to_the_longest_row_and_the_step_is_the_same(
    tiny_folder: Path, complaint: type[RuntimeError], allowed: int, left: int
) -> None:
    one, other = (LoRA(rank=4, dropout=0.3).apply(load("tiny", tiny_folder), seed=1) for _ in range(2))
    seed_everything(1)
    budget = Budget(allowed)
    found = steps_of(one, Hungry(complaint=complaint), budget)
    assert (budget.tokens_per_pass, budget.halved) == (left, True)
    seed_everything(1)
    known = Budget(left)
    assert steps_of(other, Hungry(complaint=complaint), known) == found
    assert (known.tokens_per_pass, known.halved) == (left, False)
    assert all(torch.equal(value, snapshot(other)[name]) for name, value in snapshot(one).items())


def test_memory_for_less_than_a_row_is_an_error_that_says_so_and_changes_nothing(model: Model) -> None:
    before = snapshot(model)
    with pytest.raises(OutOfMemory, match=r"^step 1: memory does not suffice for one row of 40 tokens"):
        steps_of(model, Hungry(room=1), Budget(128))
    for name, value in snapshot(model).items():
        assert torch.equal(value, before[name])


def test_any_other_error_is_not_taken_for_a_lack_of_memory(model: Model) -> None:
    def fail(*_: object) -> None:
        if torch.is_grad_enabled():
            raise RuntimeError("the sizes do not match")

    model.network.base_model.register_forward_hook(fail)
    with pytest.raises(RuntimeError, match="the sizes do not match"):
        steps_of(model, SFT(), Budget(128))
