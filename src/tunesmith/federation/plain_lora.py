"""LoRA adapters as peft keeps them in files, read and put back as plain tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.core.errors import BadRecipe, DamagedFile

if TYPE_CHECKING:
    from torch import Tensor

PLAIN = (
    *("r", "lora_alpha", "lora_dropout", "target_modules", "task_type", "fan_in_fan_out", "inference_mode"),
    *("base_model_name_or_path", "revision", "peft_version"),
)
"""Options of peft that plain LoRA may set; each of the others could change how the factors are applied."""


@dataclass(frozen=True)
class PlainLoRA:
    """The factors A and B of every changed layer, by peft's names; their product is applied `scale` times."""

    rank: int
    scale: float
    tensors: Mapping[str, Tensor]


def read(folder: Path) -> PlainLoRA:
    """Read an adapter in peft's format; raises BadRecipe if it is more than plain LoRA."""
    from peft import LoraConfig, PeftConfig
    from safetensors.torch import load_file

    config: Any = PeftConfig.from_pretrained(str(folder))
    if not isinstance(config, LoraConfig):
        raise BadRecipe(f"{folder} is a {config.peft_type} adapter; only plain LoRA can be averaged.")
    usual = LoraConfig().to_dict()
    odd = [
        option
        for option, value in config.to_dict().items()
        if option not in PLAIN and value != usual.get(option)
    ]
    if odd:
        raise BadRecipe(
            f"{folder} is more than plain LoRA, so it cannot be averaged: it sets {', '.join(odd)}."
        )
    tensors = load_file(folder / "adapter_model.safetensors")
    return PlainLoRA(config.r, config.lora_alpha / config.r, tensors)


def put(tensors: Mapping[str, Tensor], network: Any) -> None:
    """Put tensors into a network wrapped by peft; raises DamagedFile unless its adapter is made of these."""
    from peft import get_peft_model_state_dict, set_peft_model_state_dict

    wanted = get_peft_model_state_dict(network, save_embedding_layers=False)
    # peft warns of what it misses and passes over what it cannot place: an adapter that does nothing.
    shapes = {name: tensor.shape for name, tensor in wanted.items()}
    if shapes != {name: tensor.shape for name, tensor in tensors.items()}:
        odd = sorted(shapes.keys() ^ tensors.keys())[:3] or "other shapes"
        raise DamagedFile(f"The adapters do not fit the base that they name: {odd}. Export them again.")
    set_peft_model_state_dict(network, dict(tensors))
