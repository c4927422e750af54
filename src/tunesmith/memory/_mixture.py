"""What neighbours say of the next token, mixed with what the model says, and how much each should count.

Letters in shapes: S states, k neighbours, V vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

MOST_WEIGHT = 0.999
"""The highest weight that is chosen: a token that no neighbour knows must not become impossible."""

LARGEST_RATIO = 600.0
"""The logarithm of the largest ratio between two likelihoods that is told from a larger one."""


@dataclass(frozen=True)
class Observed:
    """What held-out predictions show, all of shape [S] but the first two, [S, k], and in float64.

    `squared` are distances of neighbours, `agrees` whether the neighbour's token is the one that came.
    """

    squared: Tensor
    agrees: Tensor
    logprobs: Tensor
    worth: Tensor


@dataclass(frozen=True)
class Tuned:
    """The weight and temperature that cost least, and what a prediction costs with and without, in nats."""

    weight: float
    temperature: float
    without: float
    loss: float


def of_target(squared: Tensor, agrees: Tensor, temperature: float) -> Tensor:
    """Give the log-probability [S] that neighbours give to a token; NaN where there are no neighbours.

    Each neighbour counts by the exponential of its negative squared distance over the temperature (equation
    2 of the paper).
    """
    import torch

    scores = _nearness(squared, temperature)
    return scores.masked_fill(~agrees, -torch.inf).logsumexp(-1) - scores.logsumexp(-1)


def of_vocabulary(squared: Tensor, tokens: Tensor, temperature: float, vocabulary: int) -> Tensor:
    """Give the log-probability [S, V] that neighbours give to every token; NaN where there are none."""
    import torch

    shares = _nearness(squared, temperature).softmax(-1)
    whole = shares.new_zeros((len(shares), vocabulary)).scatter_add_(1, tokens, shares).log_()
    return whole.masked_fill_(shares.isnan().any(-1, keepdim=True), torch.nan)


def mixed(logprobs: Tensor, remembered: Tensor, weight: float) -> Tensor:
    """Mix probabilities (equation 3 of the paper), given and returned as logarithms of any one shape."""
    import torch

    if weight == 0:
        return logprobs
    remembered = remembered.to(logprobs)
    both = torch.logaddexp(logprobs + math.log1p(-weight), remembered + math.log(weight))
    # Where nothing is remembered, the model alone counts.
    return torch.where(remembered.isnan(), logprobs, both)


def tune(observed: Observed, weight: float | None, temperature: float | None) -> Tuned:
    """Find the weight, the temperature or both that make held-out predictions cost least.

    For one temperature the cost is convex in the weight, and its least is found by halving. Temperatures are
    tried on a grid around the middle distance of the nearest neighbour, and then on a finer one.
    """
    if temperature is not None:
        return _at(observed, weight, temperature)
    middle = _middle(observed.squared)
    rough = _best(observed, weight, [middle * 2.0**step for step in range(-8, 9)])
    around = [rough.temperature * 2.0 ** (step / 8) for step in range(-7, 8)]
    return _best(observed, weight, around)


def _best(observed: Observed, weight: float | None, temperatures: list[float]) -> Tuned:
    return min((_at(observed, weight, each) for each in temperatures), key=lambda tuned: tuned.loss)


def _at(observed: Observed, weight: float | None, temperature: float) -> Tuned:
    remembered = of_target(observed.squared, observed.agrees, temperature)
    without = _mean(observed.logprobs, observed.worth)
    chosen = _best_weight(observed, remembered) if weight is None else weight
    loss = _mean(mixed(observed.logprobs, remembered, chosen), observed.worth)
    if weight is None and loss >= without:
        return Tuned(0.0, temperature, without, without)
    return Tuned(chosen, temperature, without, loss)


def _best_weight(observed: Observed, remembered: Tensor) -> float:
    """Find where the cost has no slope: a weight w changes a likelihood by the factor 1 + w * gain."""
    ratio = (remembered - observed.logprobs).nan_to_num(nan=0.0, neginf=-LARGEST_RATIO)
    gain = ratio.clamp_max(LARGEST_RATIO).expm1()
    low, high = 0.0, MOST_WEIGHT
    for _ in range(50):
        middle = (low + high) / 2
        helps = float((observed.worth * gain / (1 + middle * gain)).sum()) > 0
        low, high = (middle, high) if helps else (low, middle)
    return low


def _nearness(squared: Tensor, temperature: float) -> Tensor:
    """Compare with the nearest: only differences count, and exponentials of them do not vanish."""
    nearest = squared.amin(-1, keepdim=True)
    return -(squared - nearest) / temperature


def _middle(squared: Tensor) -> float:
    """Give the middle distance of nearest neighbours; where most are equal to the state, of any, or 1."""
    for some in (squared.amin(-1), squared):
        known = some[some.isfinite() & (some > 0)]
        if 2 * len(known) > len(some.flatten()):
            return float(known.median())
    return 1.0


def _mean(logprobs: Tensor, worth: Tensor) -> float:
    return -float((logprobs * worth).sum() / worth.sum())
