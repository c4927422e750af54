"""Frozen matrices kept in the 16 bits of their file, while everything is computed in float32.

Half the memory, and not a digit less: every 16-bit number is a float32 number. A matrix is widened for the
one product that needs it, and again in the backward pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.pytorch_utils import Conv1D


class NarrowLinear(nn.Linear):
    """A linear layer whose weight may be narrower than what it reads."""

    is_narrow = True

    def forward(self, input: Tensor) -> Tensor:  # the name is torch's
        """Give [..., outputs] for [..., inputs], in the type of the input."""
        return _product(input, self.weight, self.bias)


class NarrowConv1D(Conv1D):
    """The same for GPT-2's layers, whose weights are transposed."""

    is_narrow = True

    def forward(self, x: Tensor) -> Tensor:
        """Give [..., outputs] for [..., inputs], in the type of the input."""
        return _product(x, self.weight.t(), self.bias)


class NarrowEmbedding(nn.Embedding):
    """An embedding that gives float32."""

    is_narrow = True

    def forward(self, input: Tensor) -> Tensor:  # the name is torch's
        """Give [..., width] for ids [...]."""
        return super().forward(input).float()


KINDS: dict[type[nn.Module], type[nn.Module]] = {
    nn.Linear: NarrowLinear,
    Conv1D: NarrowConv1D,
    nn.Embedding: NarrowEmbedding,
}


def narrow(network: nn.Module, constants: Mapping[str, Tensor]) -> None:
    """Have a network that was loaded in 16 bits compute in float32; only plain matrices stay as they are.

    `constants` are its buffers as they are in float32: those it was loaded with may be rounded.
    """
    for module in network.modules():
        if type(module) in KINDS:
            module.__class__ = KINDS[type(module)]
        else:  # one of them may share its matrix with a layer of a kind that is known
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.float()
    for parameter in network.parameters():
        if parameter.dim() == 1:
            parameter.data = parameter.data.float()
    for name, buffer in network.named_buffers():
        if buffer.is_floating_point():
            buffer.data = constants[name].to(buffer.device) if name in constants else buffer.data.float()


def _product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Multiply [..., inputs] with the transpose of [outputs, inputs]."""
    if torch.is_autocast_enabled(x.device.type):
        return functional.linear(x, weight, bias)
    if weight.requires_grad:
        return functional.linear(x, weight.to(x.dtype), bias)
    return _Widened.apply(x, weight, bias)


class _Widened(torch.autograd.Function):
    """A product with a frozen matrix; what is kept for the backward pass is the narrow one."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(weight)
        return functional.linear(x, weight.to(x.dtype), bias)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        (grad,) = grad_outputs
        into_bias = grad.flatten(0, -2).sum(0) if ctx.needs_input_grad[2] else None
        return grad @ weight.to(grad.dtype), None, into_bias
