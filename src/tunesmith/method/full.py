"""Full fine-tuning: every weight may change."""

from dataclasses import dataclass

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method._network import learn, unread


@dataclass(frozen=True, kw_only=True)
class Full(Method):
    """Train every weight."""

    usual_rate = 2e-5
    changes_base = True

    def apply(self, model: Model, seed: int) -> Model:
        """Make every parameter trainable that is read; nothing is random here."""
        names = {name for name, _ in model.network.named_parameters()}
        learn(model.network, names - unread(model.network))
        return model

    def merge(self, model: Model) -> Model:
        """Give the model back as it is: the change is already in the weights."""
        return model
