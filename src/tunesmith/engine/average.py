"""An exponential moving average of the weights that learn: a smoother model than any single step's."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn import Parameter

from tunesmith.core.errors import DamagedFile


class Average:
    """Follows parameters from step to step: average = decay * average + (1 - decay) * weights.

    Early on the average is that of all steps so far, as `decay` is bounded by step / (step + 9): otherwise a
    short run's average would mostly be its beginning.
    """

    def __init__(self, parameters: Mapping[str, Parameter], decay: float) -> None:
        self.parameters = dict(parameters)
        self.decay = decay
        self.values = {name: parameter.detach().clone() for name, parameter in self.parameters.items()}

    def follow(self, step: int) -> None:
        """Take in the weights after one step (from 1)."""
        decay = min(self.decay, step / (step + 9))
        weights = [parameter.detach() for parameter in self.parameters.values()]
        torch._foreach_lerp_(list(self.values.values()), weights, 1 - decay)  # type: ignore[attr-defined]  # one call for all

    @contextmanager
    def in_place(self) -> Generator[None]:
        """Have the network hold the average, for as long as the context lasts."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def stay(self) -> None:
        """Put the average into the network for good."""
        for name, parameter in self.parameters.items():
            parameter.data.copy_(self.values[name])

    def bytes(self) -> int:
        """Give what the average takes."""
        return sum(value.nbytes for value in self.values.values())

    def tensors(self) -> dict[str, Tensor]:
        """Give the average by name, for a checkpoint."""
        return dict(self.values)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what `tensors` gave; raises DamagedFile if it belongs to other parameters."""
        if tensors.keys() != self.values.keys():
            odd = sorted(tensors.keys() ^ self.values.keys())[:3]
            raise DamagedFile(f"The average is one of other parameters: {odd}.")
        for name, value in self.values.items():
            value.copy_(tensors[name])

    def _swap(self) -> None:
        for name, parameter in self.parameters.items():
            parameter.data, self.values[name] = self.values[name], parameter.data
