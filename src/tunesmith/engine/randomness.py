"""The random state of a run: where it begins, and how it is saved and taken back."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor


def seed_everything(seed: int) -> None:
    """Begin from a seed, on the CPU and on every GPU."""
    torch.manual_seed(seed)


def random_state() -> dict[str, Tensor]:
    """Give the state of every generator that training draws from."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def draws(run: Callable[[], object]) -> bool:
    """Does running this draw random numbers? The state is as before, either way."""
    before = random_state()
    try:
        run()
        after = random_state()
    finally:
        set_random_state(before)
    return any(not torch.equal(before[name], after[name]) for name in before)


def set_random_state(states: Mapping[str, Tensor]) -> None:
    """Take back what `random_state` gave; a GPU's state is left alone where there is none."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])
