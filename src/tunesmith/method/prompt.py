"""Prompt tuning: trained vectors before the text (Lester et al., 2021, https://arxiv.org/abs/2104.08691)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.errors import BadOption
from tunesmith.method import _peft, _prompt
from tunesmith.method._network import check
from tunesmith.method._prompt import Length

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class Prompt(Method):
    """Train a few vectors that are read before every text, as if they were words."""

    leaves_adapter = True
    merges = False
    usual_rate = 3e-2
    length: Length = 20
    text: Annotated[
        str | None,
        Field(
            min_length=1,
            description="Words to start from, repeated or cut to the length; unset: words drawn at random.",
        ),
    ] = None

    @property
    def room(self) -> int:
        """As many tokens as there are vectors."""
        return self.length

    def refuses(self, network: PreTrainedModel) -> str:
        """Say where vectors cannot stand before the words."""
        return _prompt.refuses(network)

    def apply(self, model: Model, seed: int) -> Model:
        """Put the vectors before the text; they start as those of words, which the paper finds best."""
        from peft import PromptTuningConfig

        check(self.refuses(model.network), model, "prompt")
        configuration = PromptTuningConfig(
            num_virtual_tokens=self.length, num_transformer_submodules=1, prompt_tuning_init="SAMPLE_VOCAB"
        )
        ids = self._ids(model) if self.text is not None else []
        words: Any = model.network.get_input_embeddings()
        wrapped = _peft.wrap(model, configuration, seed, "prompt")
        if ids:
            import torch

            network: Any = wrapped.network
            with torch.no_grad():
                vectors = words(torch.tensor(ids, device=words.weight.device))
                network.prompt_encoder["default"].embedding.weight.copy_(vectors)
        return wrapped

    def merge(self, model: Model) -> Model:
        """Refuse: these vectors are no weights."""
        raise _prompt.cannot_merge("prompt")

    def _ids(self, model: Model) -> list[int]:
        """Turn the text into as many ids as there are vectors, without those that begin and end a text."""
        assert self.text is not None
        found = model.chat.encode_document(self.text)
        ends = {model.chat.begin_id, *model.chat.stop_ids}
        ids = [number for number in found.ids if number not in ends]
        if not ids:
            raise BadOption(f"method.prompt.text: {self.text!r} holds no words.")
        return (ids * (self.length // len(ids) + 1))[: self.length]
