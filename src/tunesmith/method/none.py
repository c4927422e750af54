"""No training: the base as it is, for what a memory or examples beside it can do alone."""

from dataclasses import dataclass

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method


@dataclass(frozen=True, kw_only=True)
class Nothing(Method):
    """Train nothing: the base answers as it is, with what is kept beside it."""

    leaves_adapter = True

    def apply(self, model: Model, seed: int) -> Model:
        """Freeze every parameter; nothing is random here."""
        model.network.requires_grad_(False)
        return model

    def merge(self, model: Model) -> Model:
        """Give the model back as it is."""
        return model
