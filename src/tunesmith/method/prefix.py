"""Prefix tuning: trained keys and values in every layer (Li & Liang, 2021, https://arxiv.org/abs/2101.00190)."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _peft, _prompt
from tunesmith.method._network import check, family, is_wide, says
from tunesmith.method._prompt import Length

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_NARROW = "A prefix would be rounded as its weights are: write `training.storage: float32`."


@dataclass(frozen=True, kw_only=True)
class Prefix(Method):
    """Train keys and values that every layer attends to before every text."""

    leaves_adapter = True
    merges = False
    usual_rate = 1e-2
    length: Length = 20
    width: Annotated[
        int | None,
        Field(ge=1, description="Width of a network that writes the prefix while training; unset: none."),
    ] = None

    @property
    def room(self) -> int:
        """As many tokens as there are vectors."""
        return self.length

    def refuses(self, network: PreTrainedModel) -> str:
        """Say where peft cannot hand keys and values to a network."""
        kind, said = family(network), says(network)
        if (kind, said) == ("encoder", "language"):
            return "peft has no prefix for masked language models. Try `method: lora`."
        if kind == "encoder-decoder" and said != "language":
            return "peft has no prefix for it but as a language model. Try `method: lora`."
        if "past_key_values" not in signature(network.base_model.forward).parameters:
            return f"A {network.config.model_type} takes no keys and values from outside. Try `method: lora`."
        return ""

    def apply(self, model: Model, seed: int) -> Model:
        """Put the prefix before the text, drawn from the seed; the answers change at once."""
        from peft import PrefixTuningConfig

        check(self.refuses(model.network), model, "prefix")
        check("" if is_wide(model.network) else _NARROW, model, "prefix")
        configuration = PrefixTuningConfig(
            num_virtual_tokens=self.length,
            prefix_projection=self.width is not None,
            encoder_hidden_size=self.width,  # type: ignore[arg-type]  # None where there is no projection
            **_shape(model.network),
        )
        return _peft.wrap(model, configuration, seed, "prefix")

    def merge(self, model: Model) -> Model:
        """Refuse: a prefix is no weight."""
        raise _prompt.cannot_merge("prefix")


def _shape(network: PreTrainedModel) -> dict[str, Any]:
    """Give the sizes of a decoder's cache where peft would guess them from the encoder or the width."""
    described = network.config.to_dict()
    layers = [described[key] for key in ("num_decoder_layers", "decoder_layers") if described.get(key)]
    shape: dict[str, Any] = {"num_layers": layers[0]} if layers else {}
    if "d_kv" in described:  # T5 of some sizes has heads that are together narrower than the network
        shape["token_dim"] = described["d_kv"] * described["num_heads"]
    return shape
