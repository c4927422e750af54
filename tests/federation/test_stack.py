from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.errors import BadRecipe
from tunesmith.federation.stack import Adapter, stack

LAYERS = {"model.q_proj": (5, 7), "model.down_proj": (6, 4)}
"""Outputs and inputs of two layers."""


def adapter(
    name: str, rank: int, scale: float = 2.0, trained: int = 100, dtype: torch.dtype = torch.float64
) -> Adapter:
    generator = torch.Generator().manual_seed(hash_of(name))
    tensors = {}
    for layer, (outputs, inputs) in LAYERS.items():
        tensors[f"{layer}.lora_A.weight"] = torch.randn(rank, inputs, generator=generator).to(dtype)
        tensors[f"{layer}.lora_B.weight"] = torch.randn(outputs, rank, generator=generator).to(dtype)
    return Adapter(name, "ba5e" * 16, scale, trained, tensors)


def hash_of(name: str) -> int:
    return sum(name.encode())


def change(tensors, layer: str, scale: float) -> torch.Tensor:
    """Give the change of a layer's weight in float64."""
    down, up = (tensors[f"{layer}.lora_{factor}.weight"].double() for factor in "AB")
    return scale * (up @ down)


def averaged(adapters: list[Adapter], layer: str) -> torch.Tensor:
    """Average the merged changes: what federation should be, in float64."""
    total = sum(one.trained for one in adapters)
    return sum(one.trained / total * change(one.tensors, layer, one.scale) for one in adapters)


@given(
    st.lists(st.tuples(st.integers(1, 6), st.floats(0.1, 8), st.integers(1, 10**9)), min_size=2, max_size=5)
)
def test_the_stacked_change_is_the_weighted_average_of_the_changes(parties):
    adapters = [adapter(f"party {n}", *party) for n, party in enumerate(parties)]
    stacked = stack(adapters)
    assert stacked.rank == sum(rank for rank, _, _ in parties)
    assert sum(stacked.shares) == pytest.approx(1)
    for layer in LAYERS:
        torch.testing.assert_close(
            change(stacked.tensors, layer, 1.0), averaged(adapters, layer), rtol=1e-12, atol=1e-12
        )


def test_the_average_of_the_factors_would_be_something_else():
    adapters = [adapter("a", 3), adapter("b", 3)]
    layer = "model.q_proj"
    means = {name: sum(one.tensors[name] for one in adapters) / 2 for name in adapters[0].tensors}
    assert (change(means, layer, 2.0) - averaged(adapters, layer)).abs().max() > 0.1


def test_float32_adapters_stay_float32_and_are_rounded_once():
    adapters = [adapter("a", 2, dtype=torch.float32), adapter("b", 3, trained=37, dtype=torch.float32)]
    stacked = stack(adapters)
    assert {tensor.dtype for tensor in stacked.tensors.values()} == {torch.float32}
    for layer in LAYERS:
        difference = change(stacked.tensors, layer, 1.0) - averaged(adapters, layer)
        assert difference.abs().max() < 1e-6


def test_shares_are_those_of_the_trained_tokens():
    assert stack([adapter("a", 2, trained=300), adapter("b", 2, trained=100)]).shares == (0.75, 0.25)


def test_a_party_alone_is_no_federation():
    with pytest.raises(BadRecipe, match="at least two adapters, here: 1"):
        stack([adapter("a", 2)])


def test_different_bases_are_refused_naming_both():
    other = replace(adapter("b", 2), base="0123456789abcdef" * 4)
    with pytest.raises(BadRecipe, match="a was trained on the base ba5eba5eba5e, b on 0123456789ab"):
        stack([adapter("a", 2), other])


def test_different_layers_are_refused_listing_both_sides():
    other = adapter("b", 2)
    tensors = {name.replace("down_proj", "up_proj"): tensor for name, tensor in other.tensors.items()}
    with pytest.raises(BadRecipe, match=r"only a changes model\.down_proj; only b changes model\.up_proj"):
        stack([adapter("a", 2), replace(other, tensors=tensors)])


def test_layers_of_other_sizes_are_refused():
    other = adapter("b", 2)
    tensors = {**other.tensors, "model.q_proj.lora_A.weight": torch.zeros(2, 8)}
    with pytest.raises(BadRecipe, match=r"only a changes model\.q_proj; only b changes model\.q_proj"):
        stack([adapter("a", 2), replace(other, tensors=tensors)])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"model.q_proj.lora_magnitude_vector": torch.ones(5)},
            "1 other tensors, such as model.q_proj.lora_m",
        ),
        ({"model.k_proj.lora_A.weight": torch.ones(2, 7)}, "model.k_proj has only one of the factors"),
        ({"model.q_proj.lora_A.weight": torch.ones(3, 7)}, r"different ranks, \[2, 3\]"),
    ],
)
def test_what_is_more_than_plain_lora_is_refused(changed, message):
    odd = adapter("b", 2)
    with pytest.raises(BadRecipe, match=f"b cannot be stacked.*{message}"):
        stack([adapter("a", 2), replace(odd, tensors={**odd.tensors, **changed})])


def test_an_adapter_of_nothing_is_refused():
    with pytest.raises(BadRecipe, match=r"b cannot be stacked.*nothing"):
        stack([adapter("a", 2), replace(adapter("b", 2), tensors={})])


def test_a_party_that_learned_from_nothing_is_refused():
    with pytest.raises(BadRecipe, match="b learned from 0 tokens"):
        stack([adapter("a", 2), adapter("b", 2, trained=0)])
