"""Full fine-tuning: every weight may change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method._network import check, head, learn, unfit, unread

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
            "their names: [mlp.gate.weight] keeps what Qwen's experts are chosen by."
        ),
    ] = ()

    def refuses(self, network: PreTrainedModel) -> str:
        """Say so where a pattern fits nothing, or a new head, or everything."""
        if reason := unfit(self.frozen, network):
            return reason
        beside = tuple(f"{name}." for name in head(network))
        left = [name for name, _ in network.named_parameters() if self._is_frozen(name)]
        if new := [name for name in left if beside and name.startswith(beside)]:
            return f"{new[0]} is new for its task and has to learn."
        is_all = len(left) == len(list(network.named_parameters()))
        return "Nothing would learn: freeze less." if is_all else ""

    def apply(self, model: Model, seed: int) -> Model:
        """Make every parameter trainable that is read and not to be frozen; nothing is random here."""
        network = model.network
        check(self.refuses(network), model, "full.frozen")
        names = {name for name, _ in network.named_parameters()} - unread(network)
        learn(network, [name for name in names if not self._is_frozen(name)])
        return model

    def _is_frozen(self, name: str) -> bool:
        return any(re.search(each, name) for each in self.frozen)

    def merge(self, model: Model) -> Model:
        """Give the model back as it is: the change is already in the weights."""
        return model
