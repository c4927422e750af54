"""Peft's wrapping around a network, told by its name: importing peft takes seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


def is_wrapped(network: object) -> TypeGuard[PeftModel]:
    """Is a network inside peft's wrapping?"""
    return any(
        (kind.__module__, kind.__name__) == ("peft.peft_model", "PeftModel") for kind in type(network).__mro__
    )


def inside(network: Any) -> PreTrainedModel:
    """Give the network itself, below peft's wrapping; its layers are those that peft has put there."""
    within: Any = network.get_base_model() if is_wrapped(network) else network
    return within


def prompt_of(network: Any) -> int:
    """Give how many positions a learned prompt or prefix takes before every row; 0 where there is none."""
    if not is_wrapped(network):
        return 0
    config: Any = network.active_peft_config
    return (config.num_virtual_tokens or 0) if config.is_prompt_learning else 0
