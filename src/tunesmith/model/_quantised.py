"""Read a base in 4 or 8 bits through bitsandbytes (Dettmers et al., 2023, https://arxiv.org/abs/2305.14314)."""

from __future__ import annotations

from typing import Any

import torch
from transformers import BitsAndBytesConfig, PreTrainedModel

from tunesmith.core.errors import MissingExtra


def reading_in(storage: str, skeleton: PreTrainedModel, device: torch.device) -> dict[str, Any]:
    """Give what transformers wants to be told: nf4 with double quantisation, or int8; heads stay as they are.

    Raises MissingExtra without bitsandbytes.
    """
    try:
        import bitsandbytes  # noqa: F401  # transformers would say it in a way that nobody understands
    except ImportError:
        raise MissingExtra(f"A base in {storage}", "quantised") from None
    config = BitsAndBytesConfig(
        load_in_4bit=storage == "nf4",
        load_in_8bit=storage == "int8",
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32,
        llm_int8_skip_modules=_heads(skeleton),
    )
    return {"quantization_config": config, "device_map": {"": device}}


def prepared(network: PreTrainedModel) -> PreTrainedModel:
    """Keep bitsandbytes from packing weights for some processors: packed, they silently give no gradient."""
    for layer in network.modules():
        if "support_avx512bf16_for_cpu" in vars(layer):
            layer.support_avx512bf16_for_cpu = False  # type: ignore[assignment]  # nn.Module types all as its own
    return network


def _heads(network: PreTrainedModel) -> list[str]:
    """Name what is not in the body: what is new there must learn, and what is old there is read exactly."""
    last = network.get_output_embeddings()
    # A pooling layer counts as a head: many bases come without one.
    named = {
        name
        for name, layer in network.named_modules()
        if name and (layer is last or name.rsplit(".", 1)[-1] == "pooler")
    }
    if (
        network.base_model is network
    ):  # it has no body of its own, as some that read one text and write another
        return sorted(named)
    return sorted(named | {name for name, part in network.named_children() if part is not network.base_model})
