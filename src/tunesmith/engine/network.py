"""Where in a network things are, whatever its architecture."""

from __future__ import annotations

import sys

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D


def inner(network: PreTrainedModel) -> PreTrainedModel:
    """Give the causal language model itself, below peft's wrapping."""
    from peft import PeftModel

    return network.get_base_model() if isinstance(network, PeftModel) else network  # type: ignore[return-value]


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
    return getattr(network.config.get_text_config(), "max_position_embeddings", None) or sys.maxsize


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
