"""What of a network may change: adapters, all weights, or only what is topmost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tunesmith.core.cards import Model

if TYPE_CHECKING:
    from transformers import PreTrainedModel

RANK = 16


@dataclass(frozen=True)
class Change:
    """LoRA of rank 16 on all matrices (`adapts`), or the weights; in the `top` layers only, if set."""

    name: str
    adapts: bool
    top: int | None = None

    @property
    def trains_head(self) -> bool:
        """Does the output matrix learn?"""
        return not self.adapts

    @property
    def trains_embeddings(self) -> bool:
        """Does what comes before the first layer learn?"""
        return not self.adapts and self.top is None

    def layers(self, count: int) -> int:
        """Say how many of a network's layers something learns in, or a gradient must cross."""
        return count if self.top is None else min(count, self.top)

    def apply(self, network: PreTrainedModel) -> PreTrainedModel:
        """Make what may change trainable, all else frozen; the same adapters every time."""
        from tunesmith.method.full import Full
        from tunesmith.method.lora import LoRA

        model = Model("benchmark", Path(), network, cast(Any, None), 0, "", "")
        if self.adapts:
            return LoRA(rank=RANK, targets=self._targets(network)).apply(model, seed=0).network
        if self.top is None:
            return Full().apply(model, seed=0).network
        network.requires_grad_(False)
        head = network.get_output_embeddings()
        assert head is not None
        head.requires_grad_(True)
        return network

    def _targets(self, network: PreTrainedModel) -> Any:
        from torch.nn import Linear

        if self.top is None:
            return "all-linear"
        lowest = network.config.num_hidden_layers - self.top
        found = [
            name.split(".layers.")[1]
            for name, layer in network.named_modules()
            if isinstance(layer, Linear) and ".layers." in name
        ]
        return tuple(name for name in found if int(name.split(".")[0]) >= lowest)


CHANGES = {
    change.name: change
    for change in (
        Change("lora", adapts=True),
        Change("full", adapts=False),
        Change("top-4", adapts=True, top=4),
        Change("head", adapts=False, top=0),
    )
}
