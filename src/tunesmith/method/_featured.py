"""A frozen body with a small head over what it gives for a text as a whole."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class Featured(PreTrainedModel):
    """Averages a body's last states over a text, brings them to one scale, and scores them with a head.

    The body never drops values at random, also while the head learns: what it gives is always the same.
    """

    base_model_prefix = "body"
    _supports_sdpa = True  # whatever the body supports
    _supports_flash_attn = True
    _supports_attention_backend = True

    def __init__(self, body: PreTrainedModel, head: nn.Module) -> None:
        super().__init__(body.config)
        self.body = body
        self.head = head

    def train(self, mode: bool = True) -> Featured:
        """Set the head to training; the body stays as it is."""
        super().train(mode)
        self.body.eval()
        return self

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, **others: Any
    ) -> SequenceClassifierOutput:
        """Give scores [B, K] of rows [B, T]; masked tokens do not count."""
        states = self.body(input_ids=input_ids, attention_mask=attention_mask, **others).last_hidden_state
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        weights = mask[..., None].to(states.dtype)
        means = (states * weights).sum(1) / weights.sum(1)
        return SequenceClassifierOutput(logits=self.head(means))


def new_head(width: int, inside: int | None, outputs: int) -> nn.Module:
    """Build a head over means of a width: linear, or with one hidden layer of `inside` units."""
    scale = nn.LayerNorm(width, elementwise_affine=False)
    if inside is None:
        return nn.Sequential(scale, nn.Linear(width, outputs))
    return nn.Sequential(scale, nn.Linear(width, inside), nn.GELU(), nn.Linear(inside, outputs))
