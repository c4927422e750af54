"""The output layer: log-probabilities of wanted tokens, without ever keeping a row per vocabulary entry.

Letters behind names: S predictions, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

CACHE_BYTES = 16 * 2**20
"""Logits in memory at once on a CPU, about half of a usual last-level cache."""
CUDA_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Head:
    """Weights [V, D] and what comes after them: logits are `softcap * tanh(scale * (hW' + b) / softcap)`."""

    weight: Tensor
    bias: Tensor | None
    scale: float = 1.0
    softcap: float | None = None
    compute: torch.dtype | None = None
    """What products are computed in; unset: the type of the weights."""

    @classmethod
    def of(cls, network: PreTrainedModel, compute: torch.dtype) -> Head:
        """Read a causal language model's head; one that is no plain product shows in the self-test."""
        layer: Any = network.get_output_embeddings()
        config = network.config.get_text_config()
        scale = getattr(config, "logit_scale", None) or 1.0  # Cohere multiplies, Granite divides
        scale /= getattr(config, "logits_scaling", None) or 1.0
        softcap = getattr(config, "final_logit_softcapping", None)
        return cls(layer.weight, getattr(layer, "bias", None), scale, softcap, compute)

    def logprobs(self, hidden_SD: Tensor, targets_S: Tensor, hint_S: Tensor | None = None) -> Tensor:
        """Give log-probabilities in nats, shape [S], in float32 or finer.

        A frozen head computes the gradient of each log-probability in the forward pass: backward is one
        product. A head that learns does the same with `hint_S`, what the loss is expected to multiply each
        with, and computes logits again if it turns out to be something else.
        """
        parameters = (self.weight, self.bias)
        learns = torch.is_grad_enabled() and any(p is not None and p.requires_grad for p in parameters)
        function = _Trained if learns else _Frozen
        return function.apply(hidden_SD, self.weight, self.bias, targets_S, (self, hint_S))

    @torch.no_grad()
    def top(self, hidden_SD: Tensor, targets_S: Tensor) -> tuple[Tensor, Tensor]:
        """Give log-probabilities, and whether each target has the highest one of its row."""
        logprobs, is_first = [], []
        for chunk in self._chunks(hidden_SD, self.weight, self.bias, targets_S):
            logprobs.append(chunk.logprobs)
            is_first.append(chunk.logits.argmax(-1) == chunk.targets[:, 0])
        return torch.cat(logprobs), torch.cat(is_first)

    def _cast(self, values: Tensor) -> Tensor:
        return values if self.compute is None else values.to(self.compute)

    def _chunks(
        self, hidden_SD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, targets_S: Tensor
    ) -> Iterator[_Chunk]:
        """Score so many rows at a time that their logits stay in cache."""
        hidden_SD, weight_VD = self._cast(hidden_SD), self._cast(weight_VD)
        bias_V = None if bias_V is None else self._cast(bias_V)
        room = CUDA_BYTES if hidden_SD.is_cuda else CACHE_BYTES
        rows = max(1, room // (4 * len(weight_VD)))
        for start in range(0, len(hidden_SD), rows):
            part = slice(start, min(start + rows, len(hidden_SD)))
            logits = functional.linear(hidden_SD[part], weight_VD, bias_V)
            logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
            if self.scale != 1.0:
                logits.mul_(self.scale)
            if self.softcap is not None:
                logits.div_(self.softcap).tanh_().mul_(self.softcap)
            yield _Chunk(part, targets_S[part, None], logits, logits.logsumexp(-1, keepdim=True))

    def _slope_(self, chunk: _Chunk) -> Tensor:
        """Turn a chunk's logits, in place, into the gradient of each log-probability by the product hW'."""
        logits = chunk.logits
        outer = None if self.softcap is None else (logits / self.softcap).square_().neg_().add_(1.0)
        slope = logits.sub_(chunk.total).exp_().neg_()
        slope.scatter_add_(1, chunk.targets, torch.ones_like(chunk.targets, dtype=slope.dtype))
        if outer is not None:
            slope.mul_(outer)
        return slope.mul_(self.scale) if self.scale != 1.0 else slope


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some rows: which, their targets [s, 1], logits [s, V] in float32 or finer, their logsumexp [s, 1]."""

    part: slice
    targets: Tensor
    logits: Tensor
    total: Tensor

    @property
    def logprobs(self) -> Tensor:
        return (self.logits.gather(1, self.targets) - self.total)[:, 0]


_How = tuple[Head, Tensor | None]
_Grads = tuple[Tensor | None, Tensor, Tensor | None]


class _Frozen(torch.autograd.Function):
    """Two products: logits, and the gradient of each log-probability by its hidden state."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, how: _How
    ) -> Tensor:
        head, _ = how
        logprobs = []
        cast = head._cast(weight)
        unit = torch.empty_like(hidden, dtype=cast.dtype) if ctx.needs_input_grad[0] else None
        for chunk in head._chunks(hidden, cast, bias, targets):
            logprobs.append(chunk.logprobs)
            if unit is not None:
                torch.mm(head._slope_(chunk).to(cast.dtype), cast, out=unit[chunk.part])
        if unit is not None:
            ctx.save_for_backward(unit)
        ctx.dtype = hidden.dtype
        return torch.cat(logprobs)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        (unit,), (grad,) = ctx.saved_tensors, grad_outputs
        return (unit * grad[:, None]).to(ctx.dtype), None, None, None, None


class _Trained(torch.autograd.Function):
    """Three products where the loss multiplies by `hint`, six where it turns out that it does not."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, how: _How
    ) -> Tensor:
        head, hint = how
        ctx.head, ctx.into_hidden = head, ctx.needs_input_grad[0]
        logprobs, grads = _walk((hidden, weight, bias), targets, how, into_hidden=ctx.into_hidden)
        ctx.save_for_backward(hidden, weight, bias, targets, hint, *grads)
        return logprobs

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        hidden, weight, bias, targets, hint, *grads = ctx.saved_tensors
        (grad,) = grad_outputs
        if hint is None or not torch.equal(grad, hint):
            how = (ctx.head, grad)
            _, grads = _walk((hidden, weight, bias), targets, how, into_hidden=ctx.into_hidden)
        return (*grads, None, None)


def _walk(
    parts: tuple[Tensor, Tensor, Tensor | None], targets: Tensor, how: _How, *, into_hidden: bool
) -> tuple[Tensor, tuple[Tensor | None, ...]]:
    """Give log-probabilities and, where a factor is given, the gradients of their sum times it.

    Gradients are summed over chunks in the type of the weights, whatever products are computed in.
    """
    (hidden, weight, bias), (head, factor) = parts, how
    logprobs = []
    cast, grads = head._cast(weight), None
    if factor is not None:
        bias_grad = None if bias is None else torch.zeros_like(bias)
        grads = torch.empty_like(hidden) if into_hidden else None, torch.zeros_like(weight), bias_grad
    for chunk in head._chunks(hidden, cast, bias, targets):
        logprobs.append(chunk.logprobs)
        if factor is not None and grads is not None:
            slope = head._slope_(chunk).mul_(factor[chunk.part, None]).to(cast.dtype)
            _add(grads, chunk.part, slope, cast, head._cast(hidden[chunk.part]))
    return torch.cat(logprobs), grads or (None, None, None)


def _add(grads: _Grads, part: slice, slope: Tensor, weight: Tensor, rows: Tensor) -> None:
    into_hidden, into_weight, into_bias = grads
    if into_hidden is not None:
        into_hidden[part] = slope @ weight
    if into_weight.dtype is slope.dtype:
        into_weight.addmm_(slope.t(), rows)
    else:
        into_weight += slope.t() @ rows
    if into_bias is not None:
        into_bias += slope.sum(0)
