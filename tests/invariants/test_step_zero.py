"""Before the first step nothing has changed; after some, everything that should."""

import pytest
import torch

from engine_parts import constant, plans_of, random_rows, snapshot, take, trainable
from tunesmith.core.cards import Model
from tunesmith.engine.fit import pulled
from tunesmith.engine.forward import PLAIN
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA

ROWS = random_rows(12)
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def scores(model: Model) -> torch.Tensor:
    with torch.no_grad(), pulled(model.network, PLAIN) as forward:
        return torch.cat([forward.logprobs(batch) for batch in forward.passes(ROWS, 200)])


@pytest.mark.parametrize(
    "method", [LoRA(), LoRA(rank=3, alpha=7.5, dropout=0.5, targets=("q_proj",)), Full()]
)
def test_a_method_changes_no_prediction_before_the_first_step(tiny_model: Model, method: LoRA | Full) -> None:
    base = scores(tiny_model)
    model = method.apply(tiny_model, seed=3)
    model.network.eval()
    assert torch.equal(scores(model), base)


@pytest.mark.parametrize("targets", [("q_proj",), ("q_proj", "v_proj"), "all-linear"])
def test_what_is_trainable_is_what_was_asked_for(tiny_model: Model, targets: tuple[str, ...] | str) -> None:
    model = LoRA(rank=4, targets=targets).apply(tiny_model, seed=0)  # type: ignore[arg-type]  # str is "all-linear"
    layers = LINEAR if isinstance(targets, str) else targets
    found = {(name.split(".")[4], name.split(".")[-4], name.split(".")[-3]) for name in trainable(model)}
    wanted = {(str(n), layer, kind) for n in (0, 1) for layer in layers for kind in ("lora_A", "lora_B")}
    assert found == wanted
    assert len(trainable(model)) == len(wanted)


def test_full_tuning_trains_every_parameter(tiny_model: Model) -> None:
    model = Full().apply(tiny_model, seed=0)
    assert trainable(model).keys() == dict(model.network.named_parameters()).keys()
    assert len(trainable(model)) == 21


@pytest.mark.parametrize("method", [LoRA(rank=4), Full()])
def test_all_that_is_trainable_changes_and_nothing_else(tiny_model: Model, method: LoRA | Full) -> None:
    model = method.apply(tiny_model, seed=0)
    before = snapshot(model)
    list(take(model, plans_of(ROWS, 4), constant(1e-5)))
    changed = {name for name, value in snapshot(model).items() if not torch.equal(value, before[name])}
    assert changed == trainable(model).keys()
