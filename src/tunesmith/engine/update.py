"""AdamW (Loshchilov & Hutter, 2019, https://arxiv.org/abs/1711.05101), clipped, with rates by layer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from tunesmith.core.errors import DamagedFile, MissingExtra, NonFinite
from tunesmith.core.recipe import Training
from tunesmith.engine.schedule import learning_rate

LAYER = re.compile(r"\.(\d+)\.")
"""The number of a layer in a parameter's name, the same in all of transformers."""


class Updater:
    """Turns summed gradients into a change of the parameters that learn."""

    def __init__(
        self,
        parameters: Mapping[str, Parameter],
        training: Training,
        steps: int,
        pace: Callable[[str], float] = lambda _: 1.0,
    ) -> None:
        self.parameters = dict(parameters)
        self.training = training
        self.steps = steps
        groups = _groups(self.parameters, training, pace)
        self.optimizer = _OPTIMIZERS[training.optimizer](list(groups))

    def update(self, scale: float, step: int) -> tuple[float, float]:
        """Scale gradients, clip, step and zero; give the gradient norm before clipping and the learning rate.

        Raises NonFinite, before anything changes, if the norm is not a number.
        """
        gradients = [p.grad for p in self.parameters.values() if p.grad is not None]
        torch._foreach_mul_(gradients, scale)  # type: ignore[attr-defined]  # no public name, but one call for all
        norm = torch.nn.utils.get_total_norm(gradients)
        if not torch.isfinite(norm):
            raise NonFinite(
                f"step {step}: the gradient of {self._first_bad()} is not finite. Nothing was updated; the "
                "last checkpoint is intact. A lower training.learning_rate usually helps."
            )
        if self.training.clip_norm is not None:
            torch.nn.utils.clip_grads_with_norm_(
                list(self.parameters.values()), self.training.clip_norm, norm
            )
        rate = learning_rate(self.training, step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self.optimizer.step()
        self.forget()
        return float(norm), rate

    def forget(self) -> None:
        """Drop all gradients."""
        self.optimizer.zero_grad(set_to_none=True)

    def bytes(self) -> int:
        """Give what gradients and AdamW's moments take once learning has begun."""
        moment = 1 if self.training.optimizer == "adamw_8bit" else 4
        return sum(p.numel() * (p.element_size() + 2 * moment) for p in self.parameters.values())

    def tensors(self) -> dict[str, Tensor]:
        """Give AdamW's state as named tensors, for a checkpoint."""
        return {
            # bitsandbytes gives one table to all parameters; a file holds each tensor by itself.
            f"{key}/{name}": torch.as_tensor(value).clone()
            for name, parameter in self.parameters.items()
            for key, value in self.optimizer.state[parameter].items()
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what `tensors` gave; raises DamagedFile if it belongs to other parameters."""
        known = {name for key in tensors for name in [key.split("/", 1)[1]]}
        if not known <= self.parameters.keys():
            raise DamagedFile(
                f"The optimizer state is for other parameters: {sorted(known - self.parameters.keys())[:3]}."
            )
        for key, value in tensors.items():
            kind, name = key.split("/", 1)
            parameter = self.parameters[name]
            if kind in _LIKE_THE_PARAMETER and value.shape != parameter.shape:
                found, wanted = list(value.shape), list(parameter.shape)
                raise DamagedFile(f"The optimizer state {key} has shape {found}; its parameter has {wanted}.")
            # Fused AdamW keeps its step counter where the parameter is; the 8-bit one counts plainly.
            is_plain = kind == "step" and self.training.optimizer == "adamw_8bit"
            self.optimizer.state[parameter][kind] = (
                int(value) if is_plain else value.to(parameter.device, copy=True)
            )

    def _first_bad(self) -> str:
        gradients = {name: p.grad for name, p in self.parameters.items() if p.grad is not None}
        bad = (name for name, gradient in gradients.items() if not torch.isfinite(gradient).all())
        return next(bad, "all parameters together")  # finite numbers, too, can be too large for a norm


def _groups(
    parameters: Mapping[str, Parameter], training: Training, pace: Callable[[str], float]
) -> Iterator[dict[str, Any]]:
    """Part parameters by weight decay and by their share of the learning rate."""
    # Biases and norms are scales and offsets: decaying them only shrinks the output.
    by_layer = _shares(list(parameters), training.layer_decay)
    shares = [share * pace(name) for share, name in zip(by_layer, parameters, strict=True)]
    kinds = [(share, p.dim() > 1, p) for share, p in zip(shares, parameters.values(), strict=True)]
    ordered = sorted(kinds, key=lambda kind: kind[:2], reverse=True)
    for (share, is_matrix), members in groupby(ordered, key=lambda kind: kind[:2]):
        decay = training.weight_decay if is_matrix else 0.0
        yield {"params": [member[2] for member in members], "weight_decay": decay, "share": share}


def _shares(names: list[str], decay: float) -> list[float]:
    """Give each parameter's share of the learning rate: `decay` for every layer below the top of the network.

    What comes before the first layer, such as embeddings, counts as one below it; what comes after the last,
    as above it.
    """
    numbers = [int(found[1]) if (found := LAYER.search(name)) else None for name in names]
    top = max((number for number in numbers if number is not None), default=-1) + 1
    first = next((place for place, number in enumerate(numbers) if number is not None), 0)
    heights = [
        number if number is not None else -1 if place < first else top for place, number in enumerate(numbers)
    ]
    return [decay ** (top - height) for height in heights]


def _adamw(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, lr=0.0, fused=True)


def _adamw_8bit(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """AdamW whose moments take a byte each (Dettmers et al., 2022, https://arxiv.org/abs/2110.02861)."""
    try:
        from bitsandbytes.optim.adamw import AdamW8bit
    except ImportError:
        raise MissingExtra("training.optimizer: adamw_8bit", "quantised") from None
    return AdamW8bit(groups, lr=0.0)


_OPTIMIZERS = {"adamw": _adamw, "adamw_8bit": _adamw_8bit}
_LIKE_THE_PARAMETER = ("exp_avg", "exp_avg_sq", "state1", "state2")
