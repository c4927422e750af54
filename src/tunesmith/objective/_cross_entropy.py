"""Cross-entropy: what predicting wanted tokens costs."""

from typing import TYPE_CHECKING

from tunesmith.core.cards import Loss

if TYPE_CHECKING:
    from torch import Tensor


def cross_entropy(logprobs: "Tensor", weights: "Tensor") -> Loss:
    """Sum the negative log-probability of each wanted token, times its weight, in nats; both are [rows]."""
    return Loss(-(logprobs * weights).sum(), float(weights.sum()))
