"""The layers of bottleneck adapters; loaded only where a network is at hand.

Letters behind names: B rows, T tokens, D width of the network, R width of the bottleneck.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Small(nn.Module):
    """Two small matrices and what stands between them; the second is zero at first, and so is the output.

    They are no layers of torch's, so that no other method takes them for layers of the base.
    """

    def __init__(self, outer: int, inner: int, activation: str) -> None:
        super().__init__()
        self.activation = activation
        self.down_RD = nn.Parameter(torch.nn.init.kaiming_uniform_(torch.empty(inner, outer), a=5**0.5))
        self.down_R = nn.Parameter(torch.zeros(inner))
        self.up_DR = nn.Parameter(torch.zeros(outer, inner))
        self.up_D = nn.Parameter(torch.zeros(outer))

    def forward(self, states: Tensor) -> Tensor:
        """Give [B, T, D] for [B, T, D]."""
        inner = functional.linear(states.to(self.down_RD.dtype), self.down_RD, self.down_R)
        inner = getattr(functional, self.activation)(inner)
        return functional.linear(inner, self.up_DR, self.up_D).to(states.dtype)


class _Around(nn.Module):
    """A layer of the base with something around it; asked for its weight, it gives the base's."""

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base

    @property
    def weight(self) -> Any:
        """The weight of the layer inside, which some networks ask for its number type."""
        return self.base.weight

    @property
    def bias(self) -> Any:
        """The bias of the layer inside."""
        return self.base.bias


class After(_Around):
    """A layer whose output goes through a bottleneck, beside which it also goes straight on."""

    def __init__(self, base: nn.Module, small: Small) -> None:
        super().__init__(base)
        self.small = small

    def forward(self, states: Tensor) -> Tensor:
        """Give [B, T, D]."""
        output = self.base(states)
        return output + self.small(output)


class Source(_Around):
    """The first layer of a feed-forward: what it reads is also what a bottleneck beside it reads."""

    def __init__(self, base: nn.Module) -> None:
        super().__init__(base)
        self.seen: Tensor | None = None

    def forward(self, states: Tensor) -> Tensor:
        """Give what the layer gives, and remember what it read."""
        self.seen = states
        return self.base(states)


class Beside(_Around):
    """The last layer of a feed-forward: a bottleneck adds what it makes of what the first one read."""

    def __init__(self, base: nn.Module, small: Small, source: Source, scale: float) -> None:
        super().__init__(base)
        self.small = small
        self.scale = scale
        self._source = (source,)  # a part of another layer, not of this one

    def forward(self, states: Tensor) -> Tensor:
        """Give [B, T, D] for what is inside the feed-forward."""
        (source,) = self._source
        seen, source.seen = source.seen, None
        assert seen is not None, "a feed-forward ends after it begins"
        return self.base(states) + self.scale * self.small(seen)
