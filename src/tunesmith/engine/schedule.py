"""The learning rate of every step: warm-up, then the chosen shape."""

import math

from tunesmith.core.recipe import Training


def learning_rate(training: Training, step: int, steps: int) -> float:
    """Give the rate of one step (from 1): linear warm-up to the highest rate, then the schedule."""
    highest, warmup = training.learning_rate, math.ceil(training.warmup * steps)
    assert highest is not None, "a resolved recipe has a learning rate"
    if step <= warmup:
        return highest * step / warmup
    done = (step - warmup - 1) / max(1, steps - warmup)
    shape = {
        "cosine": 0.5 * (1 + math.cos(math.pi * done)),
        "linear": 1 - done,
        "constant": 1.0,
        "wsd": _cooldown(training.cooldown, step, steps),
    }
    return highest * shape[training.schedule]


def _cooldown(share: float, step: int, steps: int) -> float:
    """Stay at the top, then fall as 1 - sqrt of the way (Hägele et al., 2024, https://arxiv.org/abs/2405.18392)."""
    length = math.ceil(share * steps)
    into = step - 1 - (steps - length)
    return 1 - math.sqrt(into / length) if into > 0 else 1.0
