import pytest
import torch
from torch import nn

from tunesmith.method._small_layers import After, Beside, Small, Source


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu", "tanh"])
def test_a_small_layer_gives_zero_at_first_and_learns(activation: str) -> None:
    small = Small(8, 3, activation)
    x = torch.randn(2, 5, 8)
    assert not small(x).any()
    small(x).sum().backward()
    assert small.up_DR.grad is not None
    assert small.up_DR.grad.any()


def test_a_small_layer_gives_what_it_reads_in_the_same_type() -> None:
    assert Small(8, 3, "relu")(torch.randn(2, 8, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_a_layer_with_something_around_it_gives_its_own_weight() -> None:
    base = nn.Linear(4, 4)
    for around in (After(base, Small(4, 2, "relu")), Source(base)):
        assert around.weight is base.weight
        assert around.bias is base.bias


def test_no_layer_of_torch_is_added_that_another_method_could_take_for_one_of_the_base() -> None:
    around = After(nn.Linear(4, 4), Small(4, 2, "relu"))
    assert [name for name, module in around.named_modules() if isinstance(module, nn.Linear)] == ["base"]


def test_what_stands_beside_reads_what_the_first_layer_read_and_lets_go_of_it() -> None:
    first, last, small = nn.Linear(4, 6), nn.Linear(6, 4), Small(4, 2, "relu")
    nn.init.normal_(small.up_DR)
    source = Source(first)
    beside = Beside(last, small, source, 2.0)
    x = torch.randn(3, 4)
    assert torch.allclose(beside(source(x)), last(first(x)) + 2.0 * small(x), atol=1e-6)
    assert source.seen is None
    assert "source" not in dict(beside.named_modules())
