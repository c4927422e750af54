import torch
from torch import Tensor, nn

from tunesmith.method._mixture import Mixture


def change(rank: int, seed: int, inputs: int = 6, outputs: int = 5) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(rank, inputs, generator=draw), torch.randn(outputs, rank, generator=draw)


def mixture(*ranks: int) -> tuple[Mixture, list[tuple[Tensor, Tensor]]]:
    """Give a layer with changes of these ranks, and routers that tell apart what they read."""
    changes = [change(rank, seed) for seed, rank in enumerate(ranks)]
    layer = Mixture(nn.Linear(6, 5), changes)
    with torch.no_grad():
        layer.router_RI.normal_(generator=torch.Generator().manual_seed(9))
    return layer, changes


def test_a_share_follows_from_the_direction_of_what_is_read_and_not_from_its_length() -> None:
    layer, _ = mixture(2, 3)
    x = torch.randn(4, 6)
    scores = x @ layer.router_RI.T / x.pow(2).mean(-1, keepdim=True).sqrt()
    torch.testing.assert_close(layer.shares(x), torch.sigmoid(scores))
    torch.testing.assert_close(layer.shares(3 * x), layer.shares(x))


def test_what_it_adds_is_the_sum_of_all_ranks_by_their_shares() -> None:
    layer, changes = mixture(2, 3)
    x = torch.randn(2, 4, 6)
    expected, number = layer.base(x), 0
    for a, b in changes:
        for row, column in zip(a, b.T, strict=True):
            expected = expected + (layer.shares(x)[..., number] * (x @ row))[..., None] * column
            number += 1
    torch.testing.assert_close(layer(x), expected)


def test_where_all_shares_are_1_the_changes_are_added_up() -> None:
    layer, changes = mixture(2, 3)
    layer.shares = lambda x: torch.ones(*x.shape[:-1], 5)  # type: ignore[method-assign]  # all of everything
    x = torch.randn(4, 6)
    torch.testing.assert_close(layer(x), layer.base(x) + sum(x @ (b @ a).T for a, b in changes))


def test_no_token_depends_on_another() -> None:
    layer, _ = mixture(2, 3)
    x = torch.randn(1, 7, 6)
    torch.testing.assert_close(layer(x)[:, 3:4], layer(x[:, 3:4]))


def test_what_is_held_in_16_bits_is_weighed_in_32() -> None:
    layer, changes = mixture(2, 3)
    x = torch.randn(4, 6).bfloat16()
    narrow = Mixture(nn.Linear(6, 5).bfloat16(), changes)
    narrow.router_RI.data.copy_(layer.router_RI)
    low = (x.float() @ narrow.a_RI.T) * layer.shares(x.float())  # type: ignore[operator]  # a tensor
    expected = narrow.base(x) + (low @ narrow.b_OR.T).bfloat16()  # type: ignore[operator]  # a tensor
    assert torch.equal(narrow(x), expected)


def test_asked_for_its_weight_it_gives_that_of_the_layer_inside() -> None:
    layer, _ = mixture(2)
    assert layer.weight is layer.base.weight
    assert layer.bias is layer.base.bias


def test_adapters_are_no_part_of_what_is_saved() -> None:
    layer, _ = mixture(2, 3)
    assert set(layer.state_dict()) == {"base.weight", "base.bias", "router_RI"}
