"""The processes that take a step together: each computes its share of the rows, then all is added up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import distributed
from torch.nn import Parameter

from tunesmith.core.cards import Encoded, Loss


@dataclass(frozen=True)
class Ranks:
    """One of `size` processes; with one, nothing is sent anywhere.

    Every process holds all weights and takes the same optimizer step, from the same sum: a loss is a sum and
    a weight, so who computed which row changes nothing but rounding.
    """

    rank: int = 0
    size: int = 1

    @classmethod
    def here(cls) -> Ranks:
        """Give this process's place among those that torch.distributed was set up for."""
        if not (distributed.is_available() and distributed.is_initialized()):
            return cls()
        return cls(distributed.get_rank(), distributed.get_world_size())

    def share(self, rows: Sequence[Encoded]) -> Sequence[Encoded]:
        """Give this process's rows: the longest first, each to whoever has least to do; the same on all."""
        if self.size == 1:
            return rows
        shares: list[list[Encoded]] = [[] for _ in range(self.size)]
        work = [0] * self.size
        for row in sorted(rows, key=len, reverse=True):
            idle = work.index(min(work))
            shares[idle].append(row)
            work[idle] += len(row)
        return shares[self.rank]

    def add_up(self, loss: Loss, parameters: Iterable[Parameter]) -> Loss:
        """Sum gradients and losses over all processes, the gradients in place and in one message."""
        if self.size == 1:
            return loss
        learning = [parameter for parameter in parameters if parameter.requires_grad]
        for parameter in learning:
            if parameter.grad is None:  # no row of this process touched it
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in learning if parameter.grad is not None]
        bucket = torch.cat([gradient.flatten() for gradient in gradients])
        numbers = torch.tensor([float(loss.total), loss.weight], dtype=torch.float64, device=bucket.device)
        distributed.all_reduce(bucket)
        distributed.all_reduce(numbers)
        for gradient, part in zip(gradients, bucket.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))
        total, weight = numbers.tolist()
        return Loss(total, weight)
