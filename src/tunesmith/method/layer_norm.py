"""Norm tuning: only the weights of norms (Zhao et al., 2023, https://arxiv.org/abs/2312.11420)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _peft
from tunesmith.method._network import check, last_names, norms

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class LayerNorm(Method):
    """Train the weights of all norms, LayerNorm or RMSNorm: a few numbers per layer."""

    leaves_adapter = True
    usual_rate = 1e-3

    def refuses(self, network: PreTrainedModel) -> str:
        """Say so where no norm has a weight."""
        return "" if norms(network) else "None of its norms has a weight. Try `method: bitfit`."

    def apply(self, model: Model, seed: int) -> Model:
        """Let peft train a copy of each norm; a copy is equal, so nothing changes yet."""
        from peft import LNTuningConfig

        check(self.refuses(model.network), model, "layer_norm")
        configuration = LNTuningConfig(target_modules=last_names(norms(model.network)))
        return _peft.wrap(model, configuration, seed, "layer_norm")

    def merge(self, model: Model) -> Model:
        """Put the trained norms in the places of the old ones."""
        return _peft.merge(model)
