"""From what a network says to the log-probability of what is wanted: a token, a class, several, a number.

Letters behind names: S predictions, K tokens, classes or numbers, L values wanted of one prediction.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tunesmith.core.task import Task

NEAR = 0.5
"""A number is taken for right where it is this near, in standard deviations of the training rows."""


def likelihood(scores_SK: Tensor, targets: Tensor, task: Task) -> Tensor:
    """Give the log-probability of what is wanted, [S], in nats, in float32 or finer.

    Of one token, tag or class out of all; of several classes, each there or not, all together; of a number
    under a normal distribution of width 1 around what the network says, without its constant. Of a text's
    vector where the text is read alone, as to try levers on, the same, averaged over its numbers.
    """
    scores_SK = widen(scores_SK)
    if task.says == "number":
        return -(scores_SK - targets).square().sum(-1) / 2
    if task.says == "vector":
        return -(scores_SK - targets).square().mean(-1) / 2
    if task.several:
        signs = 2 * targets.to(scores_SK.dtype) - 1
        return functional.logsigmoid(signs * scores_SK).sum(-1)
    wanted = _one(targets)
    return scores_SK.gather(1, wanted[:, None])[:, 0] - scores_SK.logsumexp(-1)


def is_right(scores_SK: Tensor, targets: Tensor, task: Task) -> Tensor:
    """Say whether the network's first choice is what is wanted, [S]: of several classes, all of them."""
    if task.says == "number":
        return (scores_SK - targets).abs().amax(-1) <= NEAR
    if task.several:
        return ((scores_SK > 0) == (targets > 0)).all(-1)
    return scores_SK.argmax(-1) == _one(targets)


def widen(values: Tensor) -> Tensor:
    """Give numbers in float32, or as they are where they are finer."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def _one(targets: Tensor) -> Tensor:
    return targets.long() if targets.dim() == 1 else targets[:, 0].long()
