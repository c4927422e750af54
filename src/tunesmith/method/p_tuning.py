"""P-tuning: vectors before the text, written by a small network (Liu et al., 2021, https://arxiv.org/abs/2103.10385)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _peft, _prompt
from tunesmith.method._network import check
from tunesmith.method._prompt import Length

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class PTuning(Method):
    """Train a small network that writes the vectors read before every text; only the vectors are kept."""

    leaves_adapter = True
    merges = False
    usual_rate = 1e-3
    length: Length = 20
    encoder: Annotated[Literal["mlp", "lstm"], Field(description="What writes the vectors.")] = "mlp"
    width: Annotated[
        int | None, Field(ge=1, description="Width of what writes the vectors; unset: that of the base.")
    ] = None

    @property
    def room(self) -> int:
        """As many tokens as there are vectors."""
        return self.length

    def refuses(self, network: PreTrainedModel) -> str:
        """Say where vectors cannot stand before the words."""
        return _prompt.refuses(network)

    def apply(self, model: Model, seed: int) -> Model:
        """Put the vectors before the text; they and what writes them are drawn from the seed."""
        from peft import PromptEncoderConfig

        check(self.refuses(model.network), model, "p_tuning")
        configuration = PromptEncoderConfig(
            num_virtual_tokens=self.length,
            num_transformer_submodules=1,
            encoder_reparameterization_type=self.encoder.upper(),  # type: ignore[arg-type]  # one of its words
            encoder_hidden_size=self.width or model.network.config.get_text_config().hidden_size,
        )
        return _peft.wrap(model, configuration, seed, "p_tuning")

    def merge(self, model: Model) -> Model:
        """Refuse: these vectors are no weights."""
        raise _prompt.cannot_merge("p_tuning")
