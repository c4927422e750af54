"""Adapters beside the feed-forward (He et al., 2021, https://arxiv.org/abs/2110.04366)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _bottleneck
from tunesmith.method._bottleneck import Activation, Size
from tunesmith.method._network import check

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class Parallel(Method):
    """Train small layers beside every feed-forward: they read what it reads, and add to what it gives."""

    leaves_adapter = True
    merges = False
    usual_rate = 3e-4
    size: Size = 64
    activation: Activation = "relu"
    scale: Annotated[float, Field(gt=0, description="What the small layers give is multiplied by this.")] = (
        4.0
    )

    def refuses(self, network: PreTrainedModel) -> str:
        """Say so where the places of attention and feed-forward cannot be told."""
        return _bottleneck.refuses(network)

    def apply(self, model: Model, seed: int) -> Model:
        """Put the small layers beside the feed-forward (paper, section 3).

        They are drawn from the seed, and give zero, so that nothing changes yet.
        """
        from tunesmith.method._small_layers import Beside, Source

        network = model.network
        check(self.refuses(network), model, "parallel")
        found = _bottleneck.blocks(network)

        def put() -> Iterator[str]:
            for block in found:
                source = Source(network.get_submodule(block.first))
                network.set_submodule(block.first, source)
                base = network.get_submodule(block.last)
                small = _bottleneck.small(base, self.size, self.activation)
                network.set_submodule(block.last, Beside(base, small, source, self.scale))
                yield block.last

        return _bottleneck.wrap(model, seed, put)

    def merge(self, model: Model) -> Model:
        """Refuse: what a bottleneck computes is no weight."""
        raise _bottleneck.cannot_merge("parallel")
