"""Full fine-tuning: every weight may change."""

from dataclasses import dataclass

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method


@dataclass(frozen=True, kw_only=True)
class Full(Method):
    """Train every weight."""

    def apply(self, model: Model, seed: int) -> Model:
        """Make every parameter trainable; nothing is random here."""
        model.network.requires_grad_(True)
        return model

    def merge(self, model: Model) -> Model:
        """Give the model back as it is: the change is already in the weights."""
        return model
