"""How the rows of a step are cut into passes changes nothing but rounding.

The networks are float64, so that rounding is far below the tolerance. (Llama's norms compute in float32
whatever the weights are; they do so row by row, the same in every pass.)
"""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine_parts import (
    constant,
    in_float64,
    plans_of,
    random_rows,
    snapshot,
    take,
    trainable,
)
from tiny_networks import network_of
from tunesmith.core.cards import Model, Plan
from tunesmith.engine.fit import fit
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA
from tunesmith.objective.sft import SFT

ROWS = random_rows(38)
WHOLE = 10_000
CUTS = [1, 40, 77, 200]
"""Tokens per pass: row by row, rows in ones and twos, and larger windows, the last of them ragged."""


@pytest.fixture(params=["gpt2", "llama"])
def model(request: pytest.FixtureRequest, tiny_model: Model) -> Model:
    return in_float64(Full().apply(replace(tiny_model, network=network_of(request.param)), seed=0))


def gradients(model: Model, plan: Plan, tokens_per_pass: int) -> dict[str, Tensor]:
    model.network.zero_grad(set_to_none=True)
    with fit(model.network) as forward:
        for batch in forward.passes(plan.sequences, tokens_per_pass):
            total = SFT().loss(forward.logprobs(batch), batch.weights_C).total
            assert isinstance(total, Tensor)
            total.backward()
    return {name: p.grad / plan.weight for name, p in trainable(model).items() if p.grad is not None}


@pytest.mark.parametrize("tokens_per_pass", CUTS)
def test_gradients_do_not_depend_on_the_cut(model: Model, tokens_per_pass: int) -> None:
    plan = Plan(1, 1, tuple(ROWS[:13]))
    with fit(model.network) as forward:
        assert len(list(forward.passes(plan.sequences, tokens_per_pass))) > 1
    whole, cut = gradients(model, plan, WHOLE), gradients(model, plan, tokens_per_pass)
    assert whole.keys() == cut.keys() == trainable(model).keys()
    for name, gradient in whole.items():
        torch.testing.assert_close(cut[name], gradient, atol=1e-10, rtol=0)


def test_a_token_of_a_long_answer_counts_as_much_as_one_of_a_short(model: Model) -> None:
    plan = Plan(1, 1, tuple(ROWS[:2]))
    assert plan.sequences[0].trained != plan.sequences[1].trained
    each = [gradients(model, Plan(1, 1, (row,)), WHOLE) for row in plan.sequences]
    weights = [row.trained / plan.weight for row in plan.sequences]
    for name, gradient in gradients(model, plan, 1).items():
        mean_of_tokens = weights[0] * each[0][name] + weights[1] * each[1][name]
        torch.testing.assert_close(gradient, mean_of_tokens, atol=1e-10, rtol=0)


def curve(
    architecture: str, tiny_model: Model, tokens_per_pass: int
) -> tuple[list[float], dict[str, Tensor]]:
    network = replace(tiny_model, network=network_of(architecture))
    model = in_float64(Full().apply(network, seed=0))
    for module in model.network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    steps = list(take(model, plans_of(ROWS, 4), constant(), tokens_per_pass))
    assert [step.number for step in steps] == list(range(1, 11))
    assert len(plans_of(ROWS, 4)[-1].sequences) == 2  # the last window is smaller
    return [step.loss for step in steps], snapshot(model)


@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
@pytest.mark.parametrize("tokens_per_pass", [1, 77])
def test_ten_steps_learn_the_same(architecture: str, tokens_per_pass: int, tiny_model: Model) -> None:
    losses, weights = curve(architecture, tiny_model, WHOLE)
    cut_losses, cut_weights = curve(architecture, tiny_model, tokens_per_pass)
    assert cut_losses == pytest.approx(losses, rel=1e-10)
    for name, value in weights.items():
        torch.testing.assert_close(cut_weights[name], value, atol=1e-9, rtol=0)


def test_in_float32_an_adapter_learns_the_same_up_to_rounding(tiny_model: Model) -> None:
    model = LoRA(rank=4).apply(tiny_model, seed=1)
    start = {name: value.clone() for name, value in snapshot(model).items()}
    losses = [step.loss for step in take(model, plans_of(ROWS, 4), constant(), WHOLE)]
    with torch.no_grad():
        for name, parameter in model.network.named_parameters():
            parameter.copy_(start[name])
    assert [step.loss for step in take(model, plans_of(ROWS, 4), constant(), 40)] == pytest.approx(
        losses, rel=1e-5
    )
