"""Sequence-to-sequence models, such as translators: text in, text out. They write; they are not trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.core.errors import BadBase
from tunesmith.model.find import check_weights, read_config

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TEXTS_AT_ONCE = 16


@dataclass(frozen=True)
class Translator:
    """An encoder-decoder and its tokenizer."""

    network: PreTrainedModel
    tokenizer: Any

    def translate(self, texts: Sequence[str], most_tokens: int) -> list[str]:
        """Write the likeliest output for each text, in the order given; greedily, the same every time."""
        import torch

        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        written = [""] * len(texts)
        for start in range(0, len(order), TEXTS_AT_ONCE):
            some = order[start : start + TEXTS_AT_ONCE]
            batch = self.tokenizer(
                [texts[number] for number in some], return_tensors="pt", padding=True, truncation=True
            )
            with torch.no_grad():
                ids = self.network.generate(  # type: ignore[operator]  # a mixin that has no types
                    input_ids=batch["input_ids"].to(self.network.device),
                    attention_mask=batch["attention_mask"].to(self.network.device),
                    max_new_tokens=most_tokens,
                    do_sample=False,
                    num_beams=1,
                )
            for number, text in zip(
                some, self.tokenizer.batch_decode(ids, skip_special_tokens=True), strict=True
            ):
                written[number] = text.strip()
        return written


def load_translator(folder: Path) -> Translator:
    """Load a sequence-to-sequence model; raises BadBase for one that cannot be loaded safely."""
    from safetensors import SafetensorError
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    read_config(folder)
    check_weights(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        network = AutoModelForSeq2SeqLM.from_pretrained(folder, use_safetensors=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise BadBase(
            f"{folder} cannot be loaded as a sequence-to-sequence model: {str(error).splitlines()[0]}"
        ) from None
    return Translator(network.eval(), tokenizer)
