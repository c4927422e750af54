"""Plain weights as transformers loads them, in safetensors (https://huggingface.co/docs/safetensors)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Exporter, Method


@dataclass(frozen=True, kw_only=True)
class Merged(Exporter):
    """Write all weights with the change folded in: larger, and of use without the base."""

    needs_merge = True
    dtype: Annotated[
        Literal["float32", "bfloat16"],
        Field(description="How numbers are stored; bfloat16 halves the file and rounds every weight."),
    ] = "float32"

    def write(self, model: Model, method: Method, folder: Path) -> None:
        """Write model.safetensors and config.json.

        Merging and rounding happen in place, since weights may fill the memory: the model is used up.
        """
        import torch
        from transformers import GenerationConfig

        if self.dtype == "float32":
            model.network.float()  # some may be held in 16 bits, which would round the change away
        network = method.merge(model).network.to(getattr(torch, self.dtype))
        if network.can_generate():
            # What came with the base may hold sampling options that transformers refuses to write again.
            network.generation_config = GenerationConfig.from_model_config(network.config)
        network.save_pretrained(folder)
