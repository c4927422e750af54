"""Partial fine-tuning: train the top of the network, freeze what is below."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.errors import BadOption


@dataclass(frozen=True, kw_only=True)
class Freeze(Method):
    """Train the top layers and what comes after them; what is below is frozen, and computed only once."""

    layers: Annotated[int, Field(ge=0, description="How many layers learn, counted from the top.")] = 4

    def apply(self, model: Model, seed: int) -> Model:
        """Make the top layers, the last norm and an untied head trainable; nothing is random here.

        Raises BadOption where the base has fewer layers, or where nothing would learn.
        """
        network = model.network
        total = network.config.get_text_config().num_hidden_layers
        if self.layers > total:
            raise BadOption(f"method.freeze.layers: {model.name} has {total} layers, not {self.layers}.")
        network.requires_grad_(False)
        names = [name for name, _ in network.named_parameters()]
        numbers = [_layer(name) for name in names]
        last = max(place for place, number in enumerate(numbers) if number is not None)
        for place, (parameter, number) in enumerate(zip(network.parameters(), numbers, strict=True)):
            is_top = number is not None and number >= total - self.layers
            parameter.requires_grad = is_top or place > last
        if not any(parameter.requires_grad for parameter in network.parameters()):
            raise BadOption(f"method.freeze.layers: nothing in {model.name} would learn; choose at least 1.")
        return model

    def merge(self, model: Model) -> Model:
        """Give the model back as it is: the change is already in the weights."""
        return model


def _layer(name: str) -> int | None:
    """Read the number of a layer from a parameter's name, written the same way in all of transformers."""
    return next((int(part) for part in name.split(".") if part.isdigit()), None)
