"""LoRA layers that read the same input, computed together: one autograd step per group instead of a dozen.

Y = X W' + (X A') (s B)' for each layer of a group (Hu et al., 2021, https://arxiv.org/abs/2106.09685). X is
saved once per group; the change is added in place. Only layers of peft that compute exactly this are taken;
all others keep peft's own forward. Letters behind names: T tokens, I inputs, O outputs, R rank.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.pytorch_utils import Conv1D

from tunesmith.engine.network import is_plain

LORA = ("peft.tuners.lora.layer", "Linear")
"""Peft's class for a low-rank change beside a linear layer."""


@dataclass(frozen=True)
class Projection:
    """One peft layer as numbers: frozen weight [O, I] and bias, the change's A [R, I], B [O, R] and scale.

    `dtype` is what products are computed in.
    """

    layer: nn.Module
    weight: Tensor
    bias: Tensor | None
    a: Tensor
    b: Tensor
    scale: float
    dtype: torch.dtype

    @classmethod
    def of(cls, layer: Any, dtype: torch.dtype) -> Projection | None:
        """Read a layer, its weight in `dtype`; None if it computes anything but plain LoRA."""
        if (
            (type(layer).__module__, type(layer).__name__) != LORA  # importing peft to ask takes seconds
            or layer.merged
            or layer.disable_adapters
            or len(layer.active_adapters) != 1
        ):
            return None
        (name,) = layer.active_adapters
        base: Any = layer.get_base_layer()
        plain = (
            name in layer.lora_A
            and name not in layer.lora_variant
            and isinstance(layer.lora_dropout[name], nn.Identity)
            and layer.lora_B[name].bias is None
            and is_plain(base)
            and not any(parameter.requires_grad for parameter in base.parameters())
        )
        if not plain:
            return None
        weight = base.weight.detach()
        if weight.dtype.itemsize >= dtype.itemsize:  # a narrower one is widened when it is needed
            weight = weight.to(dtype)
        bias = None if base.bias is None else base.bias.detach().to(dtype)
        weight = weight.t() if isinstance(base, Conv1D) else weight
        a: Any = layer.lora_A[name].weight
        b: Any = layer.lora_B[name].weight
        return cls(layer, weight, bias, a, b, layer.scaling[name], dtype)


@dataclass
class Group:
    """Layers that read one input. The first one called computes all; the others find their output waiting."""

    projections: Sequence[Projection]
    source: Tensor | None = None
    waiting: dict[int, Tensor] = field(default_factory=dict)

    def forward(self, index: int, x: Tensor) -> Tensor:
        """Give the output of one layer for its input [..., I]; peft's own where adapters are off."""
        layer: Any = self.projections[index].layer
        if layer.disable_adapters or layer.merged:
            return type(layer).forward(layer, x)
        if x is not self.source or index not in self.waiting:
            self.forget()  # what a pass that failed has left would stay in memory beside the new one
            self.source, self.waiting = x, dict(enumerate(self._all(x)))
        output = self.waiting.pop(index)
        if not self.waiting:
            self.source = None
        return output

    def forget(self) -> None:
        """Drop outputs that nobody asked for."""
        self.source, self.waiting = None, {}

    def _all(self, x: Tensor) -> tuple[Tensor, ...]:
        each = self.projections
        tensors = (
            *(p.weight for p in each),
            *(p.bias for p in each),
            *(p.a for p in each),
            *(p.b for p in each),
        )
        return _Together.apply(x, tuple(p.scale for p in each), each[0].dtype, *tensors)


@contextmanager
def together(groups: Sequence[Group]) -> Generator[None]:
    """Let groups stand in for the forward of their layers; afterwards the layers are as they were."""
    for group in groups:
        for index, projection in enumerate(group.projections):
            projection.layer.forward = partial(group.forward, index)
    try:
        yield
    finally:
        for group in groups:
            for projection in group.projections:
                del projection.layer.forward


def find_groups(network: nn.Module, run: Callable[[], object], dtype: torch.dtype) -> list[Group]:
    """Find the plain LoRA layers, and by running the network once which of them read the same input."""
    found = [p for layer in network.modules() if (p := Projection.of(layer, dtype)) is not None]
    inputs: dict[int, Tensor] = {}

    def note(number: int, _: nn.Module, args: tuple[Tensor, ...]) -> None:
        inputs[number] = args[0]

    hooks = [p.layer.register_forward_pre_hook(partial(note, number)) for number, p in enumerate(found)]
    try:
        with torch.no_grad():
            run()
    finally:
        for hook in hooks:
            hook.remove()
    groups: dict[int, list[Projection]] = {}
    for number, read in inputs.items():
        groups.setdefault(id(read), []).append(found[number])
    return [Group(members) for members in groups.values()]


class _Together(torch.autograd.Function):
    """A group, both ways: one product per frozen weight, and the small ones of the change.

    `tensors` are weights [O, I], then biases, then all A [R, I], then all B [O, R], one of each per layer.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scales: tuple[float, ...], dtype: torch.dtype, *tensors: Any
    ) -> tuple[Tensor, ...]:
        weights, biases, a, b = _parts(tensors, len(scales))
        x_TI = x.reshape(-1, x.shape[-1]).to(dtype)
        a_RI = torch.cat([each.to(dtype) for each in a])
        low_TR = x_TI @ a_RI.t()
        sizes = [len(each) for each in a]
        outputs = []
        for weight, bias, low, up, scale in zip(
            weights, biases, low_TR.split(sizes, 1), b, scales, strict=True
        ):
            # Not a view of rows: some networks change their projections in place.
            output = functional.linear(x_TI.view(x.shape), weight.to(dtype), bias)
            output.view(-1, len(weight)).addmm_(low, up.to(dtype).t(), alpha=scale)
            outputs.append(output)
        ctx.save_for_backward(x_TI, low_TR, a_RI, *weights, *b)
        ctx.scales, ctx.sizes, ctx.shape, ctx.dtype = scales, sizes, x.shape, x.dtype
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x_TI, low_TR, a_RI, *rest = ctx.saved_tensors
        count = len(grads)
        weights, b = rest[:count], rest[count:]
        down_TR = torch.empty_like(low_TR)
        into_x: Tensor | None = None
        into_b: list[Tensor] = []
        lows, downs = low_TR.split(ctx.sizes, 1), down_TR.split(ctx.sizes, 1)
        for grad, weight, low, down, up, scale in zip(
            grads, weights, lows, downs, b, ctx.scales, strict=True
        ):
            g_TO = grad.reshape(-1, len(weight))
            down.copy_(g_TO @ up.to(g_TO.dtype)).mul_(scale)
            into_b.append((g_TO.t() @ low).mul_(scale).to(up.dtype))
            if ctx.needs_input_grad[0]:
                wide = weight.to(g_TO.dtype)
                into_x = g_TO @ wide if into_x is None else into_x.addmm_(g_TO, wide)
        into_a = (down_TR.t() @ x_TI).to(b[0].dtype).split(ctx.sizes)
        if into_x is not None:
            into_x = into_x.addmm_(down_TR, a_RI).view(ctx.shape).to(ctx.dtype)
        return (into_x, None, None, *[None] * (2 * count), *into_a, *into_b)


def _parts(tensors: Sequence[Any], count: int) -> list[Sequence[Any]]:
    return [tensors[start : start + count] for start in range(0, 4 * count, count)]
