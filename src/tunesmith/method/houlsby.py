"""Adapters after attention and feed-forward (Houlsby et al., 2019, https://arxiv.org/abs/1902.00751)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _bottleneck
from tunesmith.method._bottleneck import Activation, Size
from tunesmith.method._network import check, norms

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class Houlsby(Method):
    """Train small layers after every attention and every feed-forward, and the norms."""

    leaves_adapter = True
    merges = False
    usual_rate = 3e-4
    size: Size = 64
    activation: Activation = "relu"
    norms: Annotated[bool, Field(description="Train the norms, too, as the paper does.")] = True

    def refuses(self, network: PreTrainedModel) -> str:
        """Say so where the places of attention and feed-forward cannot be told."""
        return _bottleneck.refuses(network)

    def apply(self, model: Model, seed: int) -> Model:
        """Put the small layers where the paper's figure 2 has them: before what is added to the residual.

        They are drawn from the seed, and give zero, so that nothing changes yet.
        """
        network = model.network
        check(self.refuses(network), model, "houlsby")
        found, owners = _bottleneck.blocks(network), tuple(f"{name}." for name in norms(network))
        more = [name for name, _ in network.named_parameters() if self.norms and name.startswith(owners)]

        def put() -> Iterator[str]:
            for block in found:
                for name in (*block.attentions, block.last):
                    yield _bottleneck.put_after(network, name, self.size, self.activation)

        return _bottleneck.wrap(model, seed, put, more)

    def merge(self, model: Model) -> Model:
        """Refuse: what a bottleneck computes is no weight."""
        raise _bottleneck.cannot_merge("houlsby")
