"""LoRA: low-rank adaptation (Hu et al., 2021, https://arxiv.org/abs/2106.09685)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _low_rank
from tunesmith.method._low_rank import Alpha, Alphas, Dropout, Embeddings, Parameters, Rank, Ranks, Targets

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class LoRA(Method):
    """Train a low-rank change beside each chosen weight; all else stays as it is."""

    leaves_adapter = True
    rank: Rank = 16
    alpha: Alpha = 32.0
    dropout: Dropout = 0.0
    targets: Targets = "all-linear"
    ranks: Ranks = field(default_factory=dict)
    alphas: Alphas = field(default_factory=dict)
    parameters: Parameters = ()
    embeddings: Embeddings = False

    def refuses(self, network: PreTrainedModel) -> str:
        """Name what the network does not have: peft would leave it out in silence."""
        return _low_rank.refuses(self, network)

    def apply(self, model: Model, seed: int) -> Model:
        """Wrap the network with peft's layers: A drawn from the seed, B zero, so that nothing changes yet.

        Raises BadOption for a target that the base does not have.
        """
        return _low_rank.wrap(self, model, seed, "lora", {})

    def merge(self, model: Model) -> Model:
        """Add the change to the weights it stands beside (paper, section 4.1) and drop peft's layers."""
        return _low_rank.merge(model)
