"""DoRA: weight-decomposed low-rank adaptation (Liu et al., 2024, https://arxiv.org/abs/2402.09353)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _low_rank
from tunesmith.method._low_rank import Alpha, Alphas, Dropout, Embeddings, Rank, Ranks, Targets

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class DoRA(Method):
    """Train a low-rank change of each weight's direction, and its length per output on its own."""

    leaves_adapter = True
    parameters = ()  # peft tells lengths of layers only
    rank: Rank = 16
    alpha: Alpha = 32.0
    dropout: Dropout = 0.0
    targets: Targets = "all-linear"
    ranks: Ranks = field(default_factory=dict)
    alphas: Alphas = field(default_factory=dict)
    embeddings: Embeddings = False

    def refuses(self, network: PreTrainedModel) -> str:
        """Name what the network does not have: peft would leave it out in silence."""
        return _low_rank.refuses(self, network)

    def apply(self, model: Model, seed: int) -> Model:
        """Wrap the network with peft's layers; lengths start as they are, so that nothing changes yet."""
        return _low_rank.wrap(self, model, seed, "dora", {"use_dora": True})

    def merge(self, model: Model) -> Model:
        """Add the change to the weights it stands beside and drop peft's layers."""
        return _low_rank.merge(model)
