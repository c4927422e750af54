"""The layers of a mixture of adapters; loaded only where a network is at hand.

Letters behind names: I inputs of a layer, O its outputs, R ranks of all its adapters together.
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
    """A layer with the changes of several adapters beside it, of each rank as much as a router says.

    y = W x + B (g(x) * A x) with g(x) = sigmoid(V x / |x| sqrt(I)), where A and B are those of all adapters,
    side by side. Only V learns, from zero: at first there is half of every change.
    """

    def __init__(self, base: nn.Module, changes: Sequence[Change]) -> None:
        super().__init__()
        self.base = base
        self.register_buffer("a_RI", torch.cat([a for a, _ in changes]), persistent=False)
        self.register_buffer("b_OR", torch.cat([b for _, b in changes], dim=1), persistent=False)
        self.router_RI = nn.Parameter(torch.zeros_like(self.a_RI))  # type: ignore[arg-type]  # a buffer

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
        exact = x.to(self.router_RI.dtype)
        low = functional.linear(exact, self.a_RI) * self.shares(exact)  # type: ignore[arg-type]  # a buffer
        output = self.base(x)
        return output + functional.linear(low, self.b_OR).to(output.dtype)  # type: ignore[arg-type]  # as above

    def shares(self, x: Tensor) -> Tensor:
        """Say how much of every rank is used for [..., I]: [..., R], between 0 and 1."""
        return functional.linear(functional.rms_norm(x, x.shape[-1:]), self.router_RI).sigmoid()
