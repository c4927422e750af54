"""PiSSA: LoRA from principal singular values and vectors (Meng et al., 2024, https://arxiv.org/abs/2404.02948)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _low_rank
from tunesmith.method._low_rank import Alpha, Alphas, Dropout, Rank, Ranks, Targets
from tunesmith.method._network import check, is_wide

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_NARROW = "Its weights are held in 16 bits, and what is taken out of them would be rounded: write {}."


@dataclass(frozen=True, kw_only=True)
class PiSSA(Method):
    """Train the principal part of each chosen weight, taken out of it; what is left stays as it is."""

    leaves_adapter = True
    changes_base = True
    embeddings = False
    parameters = ()
    rank: Rank = 16
    alpha: Alpha = 16.0
    dropout: Dropout = 0.0
    targets: Targets = "all-linear"
    ranks: Ranks = field(default_factory=dict)
    alphas: Alphas = field(default_factory=dict)
    iterations: Annotated[
        int, Field(ge=0, le=64, description="Rounds of a fast decomposition (16 is good); 0: the exact one.")
    ] = 0

    def refuses(self, network: PreTrainedModel) -> str:
        """Name what the network does not have, or the rank that a weight does not have."""
        return _low_rank.refuses(self, network) or _too_large(self, network)

    def apply(self, model: Model, seed: int) -> Model:
        """Take the principal part out of each weight (paper, section 3); together they answer as before.

        What was taken out is kept beside each layer, for `settle`.
        """
        check("" if is_wide(model.network) else _NARROW.format("training.storage: float32"), model, "pissa")
        start = f"pissa_niter_{self.iterations}" if self.iterations else "pissa"
        wrapped = _low_rank.wrap(self, model, seed, "pissa", {"init_lora_weights": start})
        for layer in _low_rank.layers(wrapped.network):
            for name, factor in (("first_A", layer.lora_A), ("first_B", layer.lora_B)):
                weight: Any = factor["default"].weight
                weight.data = (
                    weight.data.contiguous()
                )  # a slice of the decomposition, which would be kept whole
                layer.register_buffer(name, weight.detach().clone(), persistent=False)
        return wrapped

    def settle(self, model: Model) -> Model:
        """Put back what was taken out, and keep the difference as a plain LoRA of twice the rank.

        It loads on the base as it was. A plain LoRA changes nothing that was not changed by training.
        """
        for layer in _low_rank.layers(model.network):
            _settle(layer)
        network: Any = model.network
        configuration = network.peft_config["default"]
        for settings in (configuration.rank_pattern, configuration.alpha_pattern):
            settings.update({pattern: 2 * value for pattern, value in settings.items()})
        configuration.r, configuration.lora_alpha = 2 * configuration.r, 2 * configuration.lora_alpha
        configuration.init_lora_weights = True
        return model

    def merge(self, model: Model) -> Model:
        """Add the change to the weights it stands beside and drop peft's layers."""
        return _low_rank.merge(model)


def _too_large(method: PiSSA, network: PreTrainedModel) -> str:
    """Name the first weight that has fewer singular values than are to be trained."""
    kinds, largest = _low_rank.targets(method, network), max([method.rank, *method.ranks.values()])
    for name, layer in network.named_modules():
        weights = [p for p in layer.parameters(recurse=False) if p.dim() == 2]
        is_chosen = any(f".{name}".endswith(f".{kind}") for kind in kinds)
        if is_chosen and weights and min(weights[0].shape) < largest:
            return f"{name} has only {min(weights[0].shape)} singular values: write a rank of no more."
    return ""


def _settle(given: Any) -> None:
    """Double the rank of one layer: what was learned, less what was there at the start."""
    import torch
    from torch.nn import Linear

    scale, weight = given.scaling["default"], given.get_base_layer().weight
    first = scale * given.first_B @ given.first_A
    weight.data += first.T if given.fan_in_fan_out else first
    columns = torch.cat([given.lora_A["default"].weight, given.first_A])
    rows = torch.cat([given.lora_B["default"].weight, -given.first_B], dim=1)
    for factors, joined in ((given.lora_A, columns), (given.lora_B, rows)):
        wider = Linear(joined.shape[1], joined.shape[0], bias=False, device=joined.device)
        wider.weight.data = joined.detach().clone()
        factors["default"] = wider
    given.r["default"] *= 2
    del given.first_A, given.first_B
