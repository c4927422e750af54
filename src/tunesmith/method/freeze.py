"""Partial fine-tuning: train the top of the network, or what is named, and freeze the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method._network import check, learn, unfit, unread

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NOTHING = "Nothing would learn: name some weights, or write at least 1."


@dataclass(frozen=True, kw_only=True)
class Freeze(Method):
    """Train the top layers and what comes after them; what is below is frozen, and computed only once."""

    leaves_adapter = True
    changes_base = True
    layers: Annotated[
        Annotated[int, Field(ge=0)] | tuple[str, ...],
        Field(
            description="How many layers learn, counted from the top; or which weights, by regular "
            "expressions that are searched for in their names."
        ),
    ] = 4

    def refuses(self, network: PreTrainedModel) -> str:
        """Say so where the base has fewer layers, a pattern fits nothing, or nothing would learn."""
        if not isinstance(self.layers, int):
            return unfit(self.layers, network) if self.layers else NOTHING
        total = network.config.get_text_config().num_hidden_layers
        if self.layers > total:
            return f"It has {total} layers, not {self.layers}."
        return "" if _top(network, self.layers) else NOTHING

    def apply(self, model: Model, seed: int) -> Model:
        """Make the chosen weights trainable, and a new head; nothing is random here.

        Counted from the top are the layers, the last norm and an untied head. A network of two stacks has
        two tops.
        """
        network = model.network
        check(self.refuses(network), model, "freeze.layers")
        if isinstance(self.layers, int):
            learn(network, _top(network, self.layers))
        else:
            names = [name for name, _ in network.named_parameters() if name not in unread(network)]
            learn(network, [name for name in names if any(re.search(each, name) for each in self.layers)])
        return model

    def merge(self, model: Model) -> Model:
        """Give the model back as it is: the change is already in the weights."""
        return model


def _top(network: PreTrainedModel, layers: int) -> list[str]:
    """Name the parameters of the top layers of every stack, and of what comes after the last layer."""
    names = [name for name, _ in network.named_parameters() if name not in unread(network)]
    layer_of = [_layer(name) for name in names]
    totals: dict[str, int] = {}
    for stack, number in (found for found in layer_of if found):
        totals[stack] = max(totals.get(stack, 0), number + 1)
    last = max(place for place, found in enumerate(layer_of) if found)
    is_top = [found is not None and found[1] >= totals[found[0]] - layers for found in layer_of]
    return [name for place, name in enumerate(names) if is_top[place] or place > last]


def _layer(name: str) -> tuple[str, int] | None:
    """Read the stack and the number of a layer from a parameter's name, as all of transformers writes it."""
    found = re.match(r"(.*?)\.(\d+)\.", name)
    return (found[1], int(found[2])) if found else None
