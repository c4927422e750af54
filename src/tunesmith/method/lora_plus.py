"""LoRA+: two learning rates for two factors (Hayou et al., 2024, https://arxiv.org/abs/2402.12354)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _low_rank
from tunesmith.method._low_rank import Alpha, Alphas, Dropout, Embeddings, Parameters, Rank, Ranks, Targets

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class LoRAPlus(Method):
    """Train a low-rank change whose factor B, which starts at zero, learns faster than A."""

    leaves_adapter = True
    usual_rate = 5e-5
    rank: Rank = 16
    alpha: Alpha = 32.0
    dropout: Dropout = 0.0
    targets: Targets = "all-linear"
    ranks: Ranks = field(default_factory=dict)
    alphas: Alphas = field(default_factory=dict)
    parameters: Parameters = ()
    embeddings: Embeddings = False
    ratio: Annotated[float, Field(ge=1, description="How many times as fast as A the factor B learns.")] = (
        16.0
    )

    def refuses(self, network: PreTrainedModel) -> str:
        """Name what the network does not have: peft would leave it out in silence."""
        return _low_rank.refuses(self, network)

    def apply(self, model: Model, seed: int) -> Model:
        """Wrap the network with peft's layers, as LoRA does; only the rates are others."""
        return _low_rank.wrap(self, model, seed, "lora_plus", {})

    def pace(self, parameter: str) -> float:
        """Give the ratio for B (paper, section 4), and 1 for all else."""
        return self.ratio if _low_rank.is_second(parameter) else 1.0

    def merge(self, model: Model) -> Model:
        """Add the change to the weights it stands beside and drop peft's layers."""
        return _low_rank.merge(model)
