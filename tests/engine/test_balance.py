"""Uneven use of experts costs the same however rows are laid out: what transformers reports of each row."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.models.mixtral.modeling_mixtral import MixtralTopKRouter, load_balancing_loss_func

from engine_parts import branching_rows, random_rows
from tiny_networks import network_of, with_adapter
from tunesmith.core.cards import Encoded
from tunesmith.core.errors import BadRecipe
from tunesmith.engine.balance import balanced, routers
from tunesmith.engine.fit import fit
from tunesmith.engine.forward import FAST, PLAIN, Levers
from tunesmith.engine.memory import checkpointed
from tunesmith.objective.sft import SFT

SHARE = 0.5
WITH_EXPERTS = ("mixtral", "qwen3_moe", "gpt_oss")
FLAT = Levers(packing="flat")


def cost(network: PreTrainedModel, rows: Sequence[Encoded], levers: Levers, tokens: int = 10**6) -> float:
    """Sum what stands beside the loss over all passes, and leave its gradients in the network."""
    network.train()
    total = 0.0
    with fit(network, levers, balance=SHARE) as forward:
        for batch in forward.passes(rows, tokens):
            _, beside = forward.cost(batch, SFT())
            assert isinstance(beside, Tensor)
            beside.backward()
            total += float(beside.detach())
    return total


def gradients(network: PreTrainedModel) -> dict[str, Tensor]:
    found = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    network.zero_grad()
    return found


def reported(network: PreTrainedModel, rows: Sequence[Encoded]) -> float:
    """Give the cost as transformers computes it, layer by layer, of one row after the other: the oracle."""
    network.train()
    chosen, total = network.config.num_experts_per_tok, 0.0
    for row in rows:
        last = max(place for place, weight in enumerate(row.weights) if weight)
        ids = torch.tensor([list(row.ids[:last])])  # the last token is predicted only
        said: Any = network(input_ids=ids, output_router_logits=True, use_cache=False)
        layers = said.router_logits
        each = [load_balancing_loss_func((scores,), scores.shape[-1], chosen) for scores in layers]
        total += SHARE * sum(row.weights) * sum(float(one) for one in each) / chosen / len(layers)
    return total


@pytest.mark.parametrize("architecture", WITH_EXPERTS)
def test_it_is_what_transformers_reports_of_each_row_alone(architecture: str) -> None:
    network, rows = network_of(architecture), random_rows(5)
    with torch.no_grad():
        expected = reported(network, rows)
    assert cost(network, rows, PLAIN) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("levers", "tokens"), [(FLAT, 10**6), (FAST, 10**6), (FAST, 150), (PLAIN, 150)])
def test_how_rows_share_passes_and_beginnings_changes_nothing(levers: Levers, tokens: int) -> None:
    network, rows = network_of("mixtral"), branching_rows()
    expected = cost(network, rows, PLAIN)
    wanted = gradients(network)
    assert cost(network, rows, levers, tokens) == pytest.approx(expected, rel=1e-5)
    found = gradients(network)
    assert found.keys() == wanted.keys()
    assert any(name.endswith("gate.weight") for name in found)
    for name, tensor in wanted.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-4, atol=1e-5)


def test_it_is_1_where_all_experts_are_used_alike_and_most_where_one_is() -> None:
    network, rows = network_of("mixtral"), random_rows(4)
    weight = sum(sum(row.weights) for row in rows)
    with torch.no_grad():
        for router in routers(network):
            router.weight.zero_()  # type: ignore[operator]  # a tensor: all are as likely, the first two chosen
    assert cost(network, rows, PLAIN) == pytest.approx(SHARE * weight, rel=1e-5)


def test_a_step_down_makes_use_more_even() -> None:
    network, rows = network_of("mixtral"), random_rows(6)
    before = cost(network, rows, FAST)
    with torch.no_grad():
        for router in routers(network):
            router.weight -= 0.01 * router.weight.grad  # type: ignore[operator]  # both are tensors
    network.zero_grad()
    assert cost(network, rows, FAST) < before


def test_layers_that_are_computed_twice_count_once() -> None:
    network, rows = network_of("mixtral"), random_rows(6)
    expected = cost(network, rows, FAST, 60)
    with checkpointed(network, 2):
        assert cost(network, rows, FAST, 60) == pytest.approx(expected, rel=1e-6)


def test_routers_are_heard_beside_an_adapter_and_only_while_it_learns() -> None:
    network = with_adapter(network_of("mixtral"))
    with balanced(network, SHARE) as balance:
        assert balance is not None
        assert balance.routers == 2
        network.eval()(input_ids=torch.ones(1, 3, dtype=torch.long))
        assert balance.heard == []
        network.train()(input_ids=torch.ones(1, 3, dtype=torch.long))
        assert len(balance.heard) == 2
    network(input_ids=torch.ones(1, 3, dtype=torch.long))
    assert len(balance.heard) == 2


def test_without_a_share_nothing_is_listened_to() -> None:
    with balanced(network_of("llama"), 0.0) as balance:
        assert balance is None


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_a_base_without_experts_is_refused(architecture: str) -> None:
    with pytest.raises(
        BadRecipe, match=r"training\.balance keeps experts evenly used, but this base has none"
    ):
        fit(network_of(architecture), balance=SHARE).__enter__()


class Other(MixtralTopKRouter):
    """A router that tells something else than what it chooses by."""

    says = "shares"

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        scores, weights, chosen = super().forward(states)
        if self.says == "shares":
            return scores.softmax(-1), weights, chosen
        return scores, weights, (-scores).topk(2, dim=-1).indices


@pytest.mark.parametrize("says", ["shares", "others"])
def test_a_router_that_chooses_by_something_else_is_refused(
    says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Other, "says", says)
    network = network_of("mixtral").train()
    with balanced(network, SHARE):
        for router in routers(network):
            router.__class__ = Other
        with pytest.raises(BadRecipe, match="does not choose by the softmax of what it tells"):
            network(input_ids=torch.ones(1, 3, dtype=torch.long))
