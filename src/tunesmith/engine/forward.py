"""One forward pass: the log-probability of every wanted token, and of nothing else."""

from inspect import signature
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from tunesmith.engine.passes import Pass


def logprobs(network: PreTrainedModel, batch: Pass) -> Tensor:
    """Give log-probabilities in nats, shape [R], in the order of the pass's targets."""
    return -functional.cross_entropy(logits(network, batch), batch.targets_R, reduction="none")


def logits(network: PreTrainedModel, batch: Pass) -> Tensor:
    """Give logits of the predicting positions, shape [R, vocabulary], in float32 or finer."""
    if keeps_rows(network):
        # One row per marked position; the head never sees the others.
        output = network(input_ids=batch.ids_BT, logits_to_keep=batch.predict_BT, use_cache=False)
        return _widen(output.logits.reshape(len(batch.targets_R), -1))
    output: Any = network(input_ids=batch.ids_BT, use_cache=False)
    return _widen(output.logits[batch.predict_BT])


def keeps_rows(network: PreTrainedModel) -> bool:
    """Can this architecture compute logits for chosen positions only?"""
    from peft import PeftModel

    inner = network.get_base_model() if isinstance(network, PeftModel) else network
    return "logits_to_keep" in signature(inner.forward).parameters


@torch.no_grad()
def ranked_first(logits_RV: Tensor, targets_R: Tensor) -> int:
    """Count the targets that have the highest logit of their row."""
    return int((logits_RV.argmax(-1) == targets_R).sum())


def _widen(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))  # never narrows float64
