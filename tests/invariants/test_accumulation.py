"""How the rows of a step are cut into passes and laid out in them changes nothing but rounding.

The networks are float64, norms and softmax included, so that rounding is far below the tolerance.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine_parts import (
    branching_rows,
    constant,
    in_float64,
    plans_of,
    random_rows,
    snapshot,
    take,
    trainable,
)
from tiny_networks import at_once, float64_kept, network_of, one_at_a_time, with_adapter
from tunesmith.core.cards import Model, Plan
from tunesmith.engine.fit import fit
from tunesmith.engine.forward import FAST, PLAIN, Levers
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA

ROWS = random_rows(38)
EIGHT = Plan(1, 1, tuple(branching_rows()[:8]))
WHOLE = 10_000
CUTS = [1, 40, 77, 200]
"""Tokens per pass: row by row, rows in ones and twos, and larger windows, the last of them ragged."""
NETWORKS = {
    "gpt2": lambda: network_of("gpt2"),
    "llama": lambda: network_of("llama"),
    "qwen2 with an adapter": lambda: with_adapter(network_of("qwen2")),
}


@pytest.fixture(autouse=True)
def all_in_float64() -> Iterator[None]:
    with float64_kept():
        yield


@pytest.fixture(params=NETWORKS)
def model(request: pytest.FixtureRequest, tiny_model: Model) -> Model:
    return in_float64(replace(tiny_model, network=NETWORKS[request.param]()))


def gradients(
    model: Model, plan: Plan, tokens_per_pass: int, levers: Levers = FAST
) -> tuple[int, dict[str, Tensor]]:
    """Give the number of passes, and the gradient of the mean over all tokens."""
    with fit(model.network, levers) as forward:
        assert forward.levers == levers
        passes = len(list(forward.passes(plan.sequences, tokens_per_pass)))
        found = at_once(forward, plan.sequences, tokens_per_pass).gradients
    return passes, {name: gradient / plan.weight for name, gradient in found.items()}


def assert_same(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, atol=1e-10, rtol=0)


@pytest.mark.parametrize("levers", [FAST, PLAIN], ids=["fast", "plain"])
def test_eight_rows_at_once_are_eight_rows_one_by_one(model: Model, levers: Levers) -> None:
    (one, together), (eight, alone) = (gradients(model, EIGHT, cut, levers) for cut in (WHOLE, 1))
    assert (one, eight) == (1, 8)
    assert together.keys() == trainable(model).keys()
    assert_same(alone, together)


@pytest.mark.parametrize("packing", ["forest", "flat"])
def test_packed_rows_are_rows_side_by_side(model: Model, packing: str) -> None:
    levers = Levers(packing)  # type: ignore[arg-type]  # a literal in a list is a str
    _, packed = gradients(model, EIGHT, 150, levers)
    _, padded = gradients(model, EIGHT, 150, PLAIN)
    assert_same(packed, padded)


@pytest.mark.parametrize("tokens_per_pass", CUTS)
def test_gradients_do_not_depend_on_the_cut(model: Model, tokens_per_pass: int) -> None:
    plan = Plan(1, 1, tuple(ROWS[:13]))
    (_, whole), (passes, cut) = gradients(model, plan, WHOLE), gradients(model, plan, tokens_per_pass)
    assert passes > 1
    assert_same(cut, whole)


def test_a_token_of_a_long_answer_counts_as_much_as_one_of_a_short(model: Model) -> None:
    plan = Plan(1, 1, tuple(ROWS[:2]))
    assert plan.sequences[0].trained != plan.sequences[1].trained
    each = [one_at_a_time(model.network, [row]).gradients for row in plan.sequences]
    mean_of_tokens = {name: (each[0][name] + each[1][name]) / plan.weight for name in each[0]}
    assert_same(gradients(model, plan, 1)[1], mean_of_tokens)


def curve(
    architecture: str, tiny_model: Model, tokens_per_pass: int
) -> tuple[list[float], dict[str, Tensor]]:
    network = replace(tiny_model, network=network_of(architecture))
    model = in_float64(Full().apply(network, seed=0))
    steps = list(take(model, plans_of(ROWS, 4), constant(), tokens_per_pass))
    assert [step.number for step in steps] == list(range(1, 11))
    assert len(plans_of(ROWS, 4)[-1].sequences) == 2  # the last window is smaller
    return [step.loss for step in steps], snapshot(model)


@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_ten_steps_learn_the_same(architecture: str, tiny_model: Model) -> None:
    losses, weights = curve(architecture, tiny_model, WHOLE)
    for tokens_per_pass in (1, 77):
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
