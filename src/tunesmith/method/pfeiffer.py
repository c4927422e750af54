"""Adapters after the feed-forward only (Pfeiffer et al., 2020, https://arxiv.org/abs/2005.00247)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _bottleneck
from tunesmith.method._bottleneck import Activation, Size
from tunesmith.method._network import check

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class Pfeiffer(Method):
    """Train small layers after every feed-forward: half as many as with adapters at both places."""

    leaves_adapter = True
    merges = False
    usual_rate = 3e-4
    size: Size = 64
    activation: Activation = "relu"

    def refuses(self, network: PreTrainedModel) -> str:
        """Say so where the places of attention and feed-forward cannot be told."""
        return _bottleneck.refuses(network)

    def apply(self, model: Model, seed: int) -> Model:
        """Put the small layers before what is added to the residual.

        They are drawn from the seed, and give zero, so that nothing changes yet.
        """
        network = model.network
        check(self.refuses(network), model, "pfeiffer")
        found = _bottleneck.blocks(network)

        def put() -> Iterator[str]:
            for block in found:
                yield _bottleneck.put_after(network, block.last, self.size, self.activation)

        return _bottleneck.wrap(model, seed, put)

    def merge(self, model: Model) -> Model:
        """Refuse: what a bottleneck computes is no weight."""
        raise _bottleneck.cannot_merge("pfeiffer")
