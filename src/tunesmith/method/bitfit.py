"""BitFit: train only the biases (Ben Zaken et al., 2021, https://arxiv.org/abs/2106.10199)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method._network import check, head, learn, unread

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class BitFit(Method):
    """Train the biases and nothing else: the smallest change of weights that are already there."""

    leaves_adapter = True
    usual_rate = 5e-4

    def refuses(self, network: PreTrainedModel) -> str:
        """Say so where there are no biases, as in Llama and T5."""
        return (
            "" if _biases(network) else "It has no biases. Try `method: layer_norm`, which trains its norms."
        )

    def apply(self, model: Model, seed: int) -> Model:
        """Make all biases trainable, and a new head; nothing is random here."""
        check(self.refuses(model.network), model, "bitfit")
        learn(model.network, _biases(model.network))
        return model

    def merge(self, model: Model) -> Model:
        """Give the model back as it is: the change is already in the weights."""
        return model


def _biases(network: PreTrainedModel) -> list[str]:
    """Name the biases of the body; some architectures name them after what they are added to."""
    beside = (*(f"{name}." for name in head(network)), "\n")
    names = [name for name, _ in network.named_parameters() if name not in unread(network)]
    return [name for name in names if name.endswith("bias") and not name.startswith(beside)]
