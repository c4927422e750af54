"""LLaMA-Adapter: gated prompts in the top layers (Zhang et al., 2023, https://arxiv.org/abs/2303.16199)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.method import _peft, _prompt
from tunesmith.method._network import check, is_wide, says

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_NARROW = "Its prompts would be rounded as its weights are: write `training.storage: float32`."


@dataclass(frozen=True, kw_only=True)
class LlamaAdapter(Method):
    """Train prompts that the top layers attend to through gates; the gates start closed."""

    leaves_adapter = True
    merges = False
    usual_rate = 9e-3
    length: Annotated[int, Field(ge=1, le=4096, description="How many vectors each layer attends to.")] = 10
    layers: Annotated[
        int | None, Field(ge=1, description="How many layers, from the top; unset: all but the lowest two.")
    ] = None

    def refuses(self, network: PreTrainedModel) -> str:
        """Say so for architectures that peft has no gates for, and where there are fewer layers."""
        from peft.tuners.adaption_prompt.config import TRANSFORMERS_MODEL_CONFIG

        kind, total = network.config.model_type, network.config.get_text_config().num_hidden_layers
        if kind not in TRANSFORMERS_MODEL_CONFIG:
            return f"peft has its gates for {', '.join(TRANSFORMERS_MODEL_CONFIG)}, and not for {kind}."
        if says(network) not in ("language", "vector"):
            return "peft trains no new head beside it. Try `method: lora`."
        return f"It has {total} layers, not {self.layers}." if (self.layers or 0) > total else ""

    def apply(self, model: Model, seed: int) -> Model:
        """Put the prompts into the top layers, drawn from the seed; closed gates let nothing through yet."""
        from peft import AdaptionPromptConfig

        check(self.refuses(model.network), model, "llama_adapter")
        check("" if is_wide(model.network) else _NARROW, model, "llama_adapter")
        total = model.network.config.get_text_config().num_hidden_layers
        configuration = AdaptionPromptConfig(
            adapter_len=self.length, adapter_layers=self.layers or max(1, total - 2)
        )
        return _peft.wrap(model, configuration, seed, "llama_adapter")

    def merge(self, model: Model) -> Model:
        """Refuse: prompts are no weights."""
        raise _prompt.cannot_merge("llama_adapter")
