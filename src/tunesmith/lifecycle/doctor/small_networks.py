"""Small random networks of several architectures, and rows for them: made here, nothing is downloaded.

Weights are drawn so large that attention, norms and biases matter: with the small ones that a network begins
with, a token that sees the wrong rows would hardly change its log-probability.
"""

from __future__ import annotations

import random
from array import array
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.core.cards import Chat, Encoded, Model
from tunesmith.method.lora import LoRA
from tunesmith.model.find import BUNDLED, find
from tunesmith.model.load import load_chat
from tunesmith.model.network import device

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CONTEXT = 192
_LLAMA: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
}
_GEMMA = {"head_dim": 8, "query_pre_attn_scalar": 8, "sliding_window": 20, "final_logit_softcapping": 4.0}
_NO_DROPOUT = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
_SHAPES: dict[str, dict[str, Any]] = {
    "llama": _LLAMA,  # rotary positions
    "qwen3": _LLAMA | {"head_dim": 8},  # norms of queries and keys
    "gemma2": _LLAMA | _GEMMA | {"attn_logit_softcapping": 3.0},  # windows that slide, logits that are capped
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": CONTEXT} | _NO_DROPOUT,  # Conv1D
    "mixtral": _LLAMA | {"num_local_experts": 4, "num_experts_per_tok": 2},  # experts behind a router
}
ADAPTED = "llama with LoRA"
NETWORKS = (*_SHAPES, ADAPTED)


def build(name: str) -> Model:
    """Make one of NETWORKS, with the bundled tokenizer; the same one every time, ready to be trained."""
    from transformers import AutoConfig, AutoModelForCausalLM

    chat = _chat()
    network = _network("llama" if name == ADAPTED else name, chat, AutoConfig, AutoModelForCausalLM)
    model = Model(name, Path(), network, chat, CONTEXT, fingerprint=name, licence="none")
    return model if name != ADAPTED else _adapted(model)


def rows() -> list[Encoded]:
    """Make twelve rows: some begin alike, one is there twice, some words are worth nothing or half."""
    known = _chat().size
    draw = random.Random(1)
    beginning = [draw.randrange(known) for _ in range(40)]
    ids = [beginning + [draw.randrange(known) for _ in range(draw.randint(3, 20))] for _ in range(4)]
    ids += [[draw.randrange(known) for _ in range(draw.randint(4, 90))] for _ in range(7)]
    ids.append(ids[0])
    worth = [[0.0, *(draw.choice((0.0, 0.5, 1.0)) for _ in row[2:]), 1.0] for row in ids]
    pairs = enumerate(zip(ids, worth, strict=True), 1)
    return [Encoded(array("i", row), array("f", weights), f"row {n}") for n, (row, weights) in pairs]


@cache
def _chat() -> Chat:
    return load_chat(find(BUNDLED))


def _network(architecture: str, chat: Chat, configs: Any, models: Any) -> PreTrainedModel:
    """Make a network by transformers' factories, which have no types."""
    special = {"vocab_size": chat.size, "bos_token_id": None, "pad_token_id": None}
    special["eos_token_id"] = chat.stop_ids[0]
    network = models.from_config(configs.for_model(architecture, **_SHAPES[architecture], **special))
    network.requires_grad_(True)
    _draw(network)
    return network.to(device()).eval()


def _adapted(model: Model) -> Model:
    """Put LoRA beside every layer, its B drawn as well, so that the change counts from the start."""
    import torch

    adapted = LoRA(rank=4).apply(model, seed=2)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in adapted.network.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / 16)
    return replace(adapted, network=adapted.network.eval())


def _draw(network: PreTrainedModel) -> None:
    import torch

    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            drawn = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                parameter.copy_(drawn * parameter.shape[-1] ** -0.5)
            else:
                parameter.add_(drawn / 10)
