"""AdamW (Loshchilov & Hutter, 2019, https://arxiv.org/abs/1711.05101) with warm-up, schedule and clipping."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import Parameter

from tunesmith.core.errors import DamagedFile, NonFinite
from tunesmith.core.recipe import Training


class Updater:
    """Turns summed gradients into a change of the trainable parameters; keeps AdamW's moments in float32."""

    def __init__(self, parameters: Mapping[str, Parameter], training: Training, steps: int) -> None:
        self.parameters = dict(parameters)
        self.training = training
        self.steps = steps
        matrices = [p for p in self.parameters.values() if p.dim() > 1]
        others = [p for p in self.parameters.values() if p.dim() <= 1]
        groups = [
            {"params": matrices, "weight_decay": training.weight_decay},
            # Biases and norms are scales and offsets: decaying them only shrinks the output.
            {"params": others, "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW([g for g in groups if g["params"]], lr=0.0, fused=True)

    def update(self, scale: float, step: int) -> tuple[float, float]:
        """Scale gradients, clip, step and zero; give the gradient norm before clipping and the learning rate.

        Raises NonFinite, before anything changes, if the norm is not a number.
        """
        gradients = [p.grad for p in self.parameters.values() if p.grad is not None]
        torch._foreach_mul_(gradients, scale)  # type: ignore[attr-defined]  # no public name, but one call for all
        norm = torch.nn.utils.get_total_norm(gradients)
        if not torch.isfinite(norm):
            raise NonFinite(f"step {step}: the gradient of {self._first_bad()} is not finite.")
        if self.training.clip_norm is not None:
            torch.nn.utils.clip_grads_with_norm_(
                list(self.parameters.values()), self.training.clip_norm, norm
            )
        rate = learning_rate(self.training, step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(norm), rate

    def tensors(self) -> dict[str, Tensor]:
        """Give AdamW's state as named tensors, for a checkpoint."""
        return {
            f"{key}/{name}": value
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
            if kind != "step" and value.shape != parameter.shape:
                found, wanted = list(value.shape), list(parameter.shape)
                raise DamagedFile(f"The optimizer state {key} has shape {found}; its parameter has {wanted}.")
            # Fused AdamW keeps its step counter, too, where the parameter is.
            self.optimizer.state[parameter][kind] = value.to(parameter.device, copy=True)

    def _first_bad(self) -> str:
        gradients = {name: p.grad for name, p in self.parameters.items() if p.grad is not None}
        bad = (name for name, gradient in gradients.items() if not torch.isfinite(gradient).all())
        return next(bad, "all parameters together")  # finite numbers, too, can be too large for a norm


def learning_rate(training: Training, step: int, steps: int) -> float:
    """Give the rate of one step (from 1): linear warm-up to the highest rate, then the schedule."""
    warmup = math.ceil(training.warmup * steps)
    if step <= warmup:
        return training.learning_rate * step / warmup
    done = (step - warmup - 1) / max(1, steps - warmup)
    shape = {"cosine": 0.5 * (1 + math.cos(math.pi * done)), "linear": 1 - done, "constant": 1.0}
    return training.learning_rate * shape[training.schedule]
