"""VeRA: frozen random matrices, trained scales (Kopiczko et al., 2023, https://arxiv.org/abs/2310.11454)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _peft
from tunesmith.method._network import check, kinds, linear

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class VeRA(Method):
    """Train two vectors of scales per layer around a low-rank change that is random and shared by all."""

    leaves_adapter = True
    usual_rate = 4e-3
    rank: Annotated[int, Field(ge=1, le=4096, description="Size of the shared random change.")] = 256
    start: Annotated[float, Field(gt=0, description="What the scales of the rank start at.")] = 0.1
    dropout: Annotated[float, Field(ge=0, lt=1, description="Share of inputs dropped while training.")] = 0.0

    def refuses(self, network: PreTrainedModel) -> str:
        """Say so where there are no linear layers."""
        return "" if linear(network) else "It has no linear layers."

    def apply(self, model: Model, seed: int) -> Model:
        """Put the scales beside all linear layers; those of the outputs are zero, so nothing changes yet.

        The random matrices are kept with the adapter: another machine might draw others.
        """
        from peft import VeraConfig

        check(self.refuses(model.network), model, "vera")
        configuration = VeraConfig(
            r=self.rank,
            d_initial=self.start,
            vera_dropout=self.dropout,
            target_modules=kinds(model.network),
            projection_prng_key=seed,
            save_projection=True,
        )
        return _peft.wrap(model, configuration, seed, "vera")

    def merge(self, model: Model) -> Model:
        """Add the scaled change to the weights it stands beside."""
        return _peft.merge(model)
