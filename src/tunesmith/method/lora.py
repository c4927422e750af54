"""LoRA: low-rank adaptation (Hu et al., 2021, https://arxiv.org/abs/2106.09685)."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method


@dataclass(frozen=True, kw_only=True)
class LoRA(Method):
    """Train a low-rank change beside each chosen weight; all else stays as it is."""

    rank: Annotated[int, Field(ge=1, le=1024, description="Size of the change.")] = 16
    alpha: Annotated[float, Field(gt=0, description="The change is scaled by alpha / rank.")] = 32.0
    dropout: Annotated[float, Field(ge=0, lt=1, description="Share of inputs dropped while training.")] = 0.0
    targets: Annotated[
        Literal["all-linear"] | tuple[str, ...],
        Field(description="Names of the changed layers, or all linear ones."),
    ] = "all-linear"

    def apply(self, model: Model, seed: int) -> Model:
        """Wrap the network with peft's layers: A drawn from the seed, B zero, so that nothing changes yet."""
        import torch
        from peft import LoraConfig, get_peft_model

        config = LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,  # type: ignore[arg-type]  # peft divides it; a float is as good as an int
            lora_dropout=self.dropout,
            target_modules=self.targets if isinstance(self.targets, str) else list(self.targets),
            task_type="CAUSAL_LM",
        )
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            network = get_peft_model(model.network, config)
        return replace(model, network=network)

    def merge(self, model: Model) -> Model:
        """Add the change to the weights it stands beside (paper, section 4.1) and drop peft's layers."""
        return replace(model, network=model.network.merge_and_unload(safe_merge=True))  # type: ignore[operator]
