"""Full fine-tuning: every weight may change."""

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


@dataclass(frozen=True, kw_only=True)
class Full(Method):
    """Train every weight."""

    usual_rate = 2e-5
    changes_base = True
    frozen: Annotated[
        tuple[str, ...],
        Field(
            description="Which weights stay as they are, by regular expressions that are searched for in "
            "their names: [router, gate.weight] keeps what experts are chosen by."
        ),
    ] = ()

    def refuses(self, network: PreTrainedModel) -> str:
        """Say so where a pattern fits nothing."""
        return unfit(self.frozen, network)

    def apply(self, model: Model, seed: int) -> Model:
        """Make every parameter trainable that is read and not to be frozen; nothing is random here."""
        network = model.network
        check(self.refuses(network), model, "full.frozen")
        names = {name for name, _ in network.named_parameters()} - unread(network)
        learn(network, [name for name in names if not any(re.search(each, name) for each in self.frozen)])
        return model

    def merge(self, model: Model) -> Model:
        """Give the model back as it is: the change is already in the weights."""
        return model
