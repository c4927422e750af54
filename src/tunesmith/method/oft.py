"""OFT: rotations of weights (Qiu et al., 2023, https://arxiv.org/abs/2306.07280)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _peft
from tunesmith.method._network import check, is_transposed, kinds, linear

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class OFT(Method):
    """Rotate what each layer reads, block by block: angles between neurons stay as they are."""

    leaves_adapter = True
    usual_rate = 4e-4
    block: Annotated[int, Field(ge=2, le=1024, description="Inputs that are rotated together.")] = 32
    terms: Annotated[
        int | None,
        Field(
            ge=1, le=32, description="Terms of the series for a rotation; unset: solved, exact but slower."
        ),
    ] = 5

    def refuses(self, network: PreTrainedModel) -> str:
        """Name a layer that cannot be parted into blocks; peft rotates no transposed weights."""
        if is_transposed(network):
            return "Its weights are transposed, and peft does not rotate those. Try `method: lora`."
        for name in linear(network):
            inputs = network.get_submodule(name).weight.shape[1]  # type: ignore[union-attr,index]  # of a matrix
            if inputs % self.block:  # type: ignore[operator]  # a number
                return f"{name} reads {inputs} numbers: write a block that divides them, not {self.block}."
        return ""

    def apply(self, model: Model, seed: int) -> Model:
        """Put a rotation before all linear layers; it starts as none, so nothing changes yet."""
        from peft import OFTConfig

        check(self.refuses(model.network), model, "oft")
        configuration = OFTConfig(
            oft_block_size=self.block,
            target_modules=kinds(model.network),
            use_cayley_neumann=self.terms is not None,
            num_cayley_neumann_terms=self.terms or 5,
        )
        return _peft.wrap(model, configuration, seed, "oft")

    def merge(self, model: Model) -> Model:
        """Rotate the weights themselves."""
        return _peft.merge(model)
