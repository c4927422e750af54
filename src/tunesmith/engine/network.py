"""Where in a network things are, whatever its architecture."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from tunesmith.core.wrapped import inside, prompt_of


def inner(network: PreTrainedModel) -> PreTrainedModel:
    """Give the network itself, below peft's wrapping."""
    return inside(network)


def is_prompted(network: PreTrainedModel) -> bool:
    """Does peft put a learned prompt or prefix before every row?"""
    return prompt_of(network) > 0


def caught(network: PreTrainedModel, inputs: Mapping[str, Any]) -> Tensor:
    """Run a network up to its output layer, and give what would enter it, [B, T, D]."""
    found: list[Tensor] = []

    def catch(states: Tensor) -> Tensor:
        found.append(states)
        return states[..., :1]

    layer: Any = inner(network).get_output_embeddings()
    layer.forward = catch
    try:
        network(**inputs)
    finally:
        del layer.forward
    return found[0]


def positions_before(network: PreTrainedModel) -> int:
    """Give the position of a row's first token: RoBERTa and its kin count from behind that of padding."""
    embeddings = inner(network).base_model._modules.get("embeddings")
    table = None if embeddings is None else embeddings._modules.get("position_embeddings")
    return 0 if not isinstance(table, nn.Embedding) or table.padding_idx is None else table.padding_idx + 1


def computes_in(network: PreTrainedModel) -> torch.dtype:
    """Give the type that the network computes in: that of its norms, as matrices may be narrower."""
    norms = (parameter.dtype for parameter in inner(network).parameters() if parameter.dim() == 1)
    is_narrow = any(hasattr(module, "is_narrow") for module in network.modules())
    return next(norms, torch.float32 if is_narrow else network.dtype)


def is_plain(layer: nn.Module | None) -> bool:
    """Does a layer compute a product with its weight, and nothing else?"""
    return type(layer) in (nn.Linear, Conv1D) or getattr(layer, "is_narrow", False)


def positions_of(network: PreTrainedModel) -> int:
    """Give the most tokens of a row that the network has positions for; very many where it does not say."""
    known = getattr(network.config.get_text_config(), "max_position_embeddings", None) or sys.maxsize
    return known - prompt_of(network)


def stretched_beyond(network: PreTrainedModel) -> int:
    """Give the row length beyond which other rotary frequencies are used; very many where there is none.

    A network with LongRoPE (https://arxiv.org/abs/2402.13753) chooses them for all that it reads at once.
    """
    known = getattr(network.config.get_text_config(), "rope_parameters", None) or {}
    every = [known, *(each for each in known.values() if isinstance(each, dict))]
    limits = [
        each["original_max_position_embeddings"] for each in every if each.get("rope_type") == "longrope"
    ]
    return min(limits, default=sys.maxsize)


def layers_of(network: PreTrainedModel) -> list[nn.Module]:
    """Give the decoder's layers from the bottom up; empty where they cannot be told."""
    count = getattr(network.config.get_text_config(), "num_hidden_layers", None)
    modules = inner(network).base_model.modules()
    lists = [module for module in modules if isinstance(module, nn.ModuleList) and len(module) == count]
    return list(lists[0]) if lists else []


def learns_nothing(network: PreTrainedModel) -> bool:
    """Is all of the network's body frozen?"""
    return not any(parameter.requires_grad for parameter in inner(network).base_model.parameters())


def frozen_depth(network: PreTrainedModel) -> int:
    """Count the layers, from the bottom, below which nothing learns; 0 where embeddings learn."""
    layers = layers_of(network)
    learns = [any(parameter.requires_grad for parameter in layer.parameters()) for layer in layers]
    depth = learns.index(True) if True in learns else len(layers)
    in_layers = {id(parameter) for layer in layers for parameter in layer.parameters()}
    for parameter in inner(network).base_model.parameters():  # in the order in which they are used
        if id(parameter) in in_layers:
            return depth
        if parameter.requires_grad:
            return 0
    return 0
