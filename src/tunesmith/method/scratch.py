"""Pretraining: every weight, from a random start."""

from dataclasses import dataclass

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method._network import learn, unread


@dataclass(frozen=True, kw_only=True)
class Scratch(Method):
    """Train every weight from a random start; the base gives only its shape and tokenizer."""

    starts_from = "random"
    changes_base = True

    def apply(self, model: Model, seed: int) -> Model:
        """Draw all weights anew from the seed, the way the architecture initialises itself."""
        import torch

        with torch.random.fork_rng():
            torch.manual_seed(seed)
            fresh = type(model.network)(model.network.config)
            model.network.load_state_dict(fresh.state_dict())
        names = {name for name, _ in model.network.named_parameters()}
        learn(model.network, names - unread(model.network))
        return model

    def merge(self, model: Model) -> Model:
        """Give the model back as it is: there is nothing beside the weights."""
        return model
