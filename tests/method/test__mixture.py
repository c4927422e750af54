import torch
from torch import Tensor, nn

from tunesmith.method._mixture import Mixture


def change(rank: int, seed: int, inputs: int = 6, outputs: int = 5) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(rank, inputs, generator=draw), torch.randn(outputs, rank, generator=draw)


def mixture(*ranks: int) -> tuple[Mixture, list[tuple[Tensor, Tensor] | None]]:
    """Give a layer with changes of these ranks, 0 for none, and routers that tell apart what they read."""
    changes = [change(rank, seed) if rank else None for seed, rank in enumerate(ranks)]
    layer = Mixture(nn.Linear(6, 5), changes)
    with torch.no_grad():
        layer.router_EI.normal_(generator=torch.Generator().manual_seed(9))
    return layer, changes


def test_a_router_weighs_by_the_softmax_of_what_it_scores() -> None:
    layer, _ = mixture(2, 3)
    x = torch.randn(4, 6)
    scores = x @ layer.router_EI.T / x.pow(2).mean(-1, keepdim=True).sqrt()
    torch.testing.assert_close(layer.shares(x), torch.softmax(scores, -1))
    torch.testing.assert_close(layer.shares(3 * x), layer.shares(x))  # direction decides, not length


def test_what_it_adds_is_the_weighted_sum_of_the_changes() -> None:
    layer, changes = mixture(2, 0, 3)
    x = torch.randn(2, 4, 6)
    expected = layer.base(x)
    for number, found in enumerate(changes):
        if found is not None:
            a, b = found
            expected = expected + layer.shares(x)[..., number, None] * (x @ a.T @ b.T)
    torch.testing.assert_close(layer(x), expected)
    assert layer.router_EI.shape == (3, 6)


def test_no_token_depends_on_another() -> None:
    layer, _ = mixture(2, 3)
    x = torch.randn(1, 7, 6)
    torch.testing.assert_close(layer(x)[:, 3:4], layer(x[:, 3:4]))


def test_what_is_held_in_16_bits_is_weighed_in_32() -> None:
    layer, _ = mixture(2, 3)
    x = torch.randn(4, 6)
    narrow = Mixture(layer.base.bfloat16(), [change(2, 0), change(3, 1)])
    narrow.router_EI.data.copy_(layer.router_EI)
    assert narrow(x.bfloat16()).dtype == torch.bfloat16
    torch.testing.assert_close(narrow.shares(x.bfloat16().float()), layer.shares(x.bfloat16().float()))


def test_asked_for_its_weight_it_gives_that_of_the_layer_inside() -> None:
    layer, _ = mixture(2)
    assert layer.weight is layer.base.weight
    assert layer.bias is layer.base.bias


def test_experts_are_no_part_of_what_is_saved() -> None:
    layer, _ = mixture(2, 3)
    assert set(layer.state_dict()) == {"base.weight", "base.bias", "router_EI"}
