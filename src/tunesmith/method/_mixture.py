"""The layers of a mixture of adapters; loaded only where a network is at hand.

Letters behind names: T tokens, E experts, I inputs of a layer, O its outputs, R ranks of all experts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Change = tuple[Tensor, Tensor]
"""What an adapter does to a layer: A [rank, inputs] and B [outputs, rank], with its scale in B."""


class Mixture(nn.Module):
    """A layer with the changes of several adapters beside it, of each as much as a router says for a token.

    y = W x + sum_e g_e(x) B_e A_e x with g(x) = softmax(V x / |x| sqrt(I)). Only V learns, from zero: at
    first all have the same share.
    """

    def __init__(self, base: nn.Module, changes: Sequence[Change | None]) -> None:
        super().__init__()
        self.base = base
        found = [(number, change) for number, change in enumerate(changes) if change is not None]
        ranks = [len(a) for _, (a, _) in found]
        owner = torch.tensor([number for number, _ in found]).repeat_interleave(torch.tensor(ranks))
        self.register_buffer("a_RI", torch.cat([a for _, (a, _) in found]), persistent=False)
        self.register_buffer("b_OR", torch.cat([b for _, (_, b) in found], dim=1), persistent=False)
        self.register_buffer("expert_R", owner.to(found[0][1][0].device), persistent=False)
        self.router_EI = nn.Parameter(torch.zeros(len(changes), found[0][1][0].shape[1]))

    @property
    def weight(self) -> Any:
        """The weight of the layer inside, which some networks ask for its number type."""
        return self.base.weight

    @property
    def bias(self) -> Any:
        """The bias of the layer inside."""
        return self.base.bias

    def forward(self, x: Tensor) -> Tensor:
        """Give [..., O] for [..., I]."""
        exact: Any = x.to(self.router_EI.dtype)
        shares = self.shares(exact).index_select(-1, self.expert_R)  # type: ignore[arg-type]  # a buffer
        change = functional.linear(functional.linear(exact, self.a_RI) * shares, self.b_OR)  # type: ignore[arg-type]
        output = self.base(x)
        return output + change.to(output.dtype)

    def shares(self, x: Tensor) -> Tensor:
        """Say how much of every expert is used for [..., I]: [..., E], which sum to 1."""
        scores = functional.linear(functional.rms_norm(x, x.shape[-1:]), self.router_EI)
        return scores.softmax(-1)
