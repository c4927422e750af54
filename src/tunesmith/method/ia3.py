"""IA3: scales of keys, values and inner activations (Liu et al., 2022, https://arxiv.org/abs/2205.05638)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.registry import did_you_mean
from tunesmith.method import _peft
from tunesmith.method._network import check, inside, last_names, linear

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class IA3(Method):
    """Train one scale per key, value and inner activation; everything else stays as it is."""

    leaves_adapter = True
    usual_rate = 3e-3
    outputs: Annotated[
        tuple[str, ...],
        Field(description="Layers whose outputs are scaled; empty: what is usual for the base."),
    ] = ()
    inputs: Annotated[
        tuple[str, ...],
        Field(description="Layers whose inputs are scaled; empty: what is usual for the base."),
    ] = ()

    def refuses(self, network: PreTrainedModel) -> str:
        """Name a layer that is not there, or an architecture whose layers must be named."""
        known = linear(network)
        for chosen in inside(network, (*self.outputs, *self.inputs)):
            if not any(f".{name}".endswith(f".{chosen}") for name in known):
                return f"It has no linear layer called {chosen!r}.{did_you_mean(chosen, last_names(known))}"
        if sum(map(len, self._chosen(network))):
            return ""
        return (
            f"Which layers to scale is not known for {network.config.model_type}: name them in `outputs` "
            f"and `inputs`. It has {', '.join(last_names(known))}."
        )

    def apply(self, model: Model, seed: int) -> Model:
        """Put a scale of one at every chosen place, so that nothing changes yet."""
        from peft import IA3Config

        check(self.refuses(model.network), model, "ia3")
        outputs, inputs = (inside(model.network, names) for names in self._chosen(model.network))
        configuration = IA3Config(target_modules=[*outputs, *inputs], feedforward_modules=inputs)
        return _peft.wrap(model, configuration, seed, "ia3")

    def merge(self, model: Model) -> Model:
        """Multiply the weights with the scales."""
        return _peft.merge(model)

    def _chosen(self, network: PreTrainedModel) -> tuple[list[str], list[str]]:
        """Give layers whose outputs and whose inputs are scaled; peft knows them for many architectures."""
        from peft.utils import (
            TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING as INPUTS,
        )
        from peft.utils import TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING as ALL

        if self.outputs or self.inputs:
            return list(self.outputs), list(self.inputs)
        kind = network.config.model_type
        inputs = list(INPUTS.get(kind, ()))
        return [name for name in ALL.get(kind, ()) if name not in inputs], inputs
