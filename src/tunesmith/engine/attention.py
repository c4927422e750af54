"""Attention over segments: every token sees its own row, up to itself or all of it, and nothing of another.

Registered with transformers under one name. Letters behind names: N segments, H heads, T tokens, D width
of a head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from tunesmith.engine.layout import Fold, Layout

NAME = "tunesmith"
MOST_WIDE = 256
"""The widest head that flash attention on a GPU takes; its width is a multiple of 8."""


def attend(  # noqa: PLR0913  # the signature is transformers'
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    layout: Layout,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Attend within rows: [1, H, T, D] in, [1, T, H, D] out; keys and values may have fewer heads.

    Raises NotImplementedError for what would silently be left out, such as a mask or attention sinks.
    """
    odd = [name for name, other in others.items() if isinstance(other, Tensor) and name != "position_ids"]
    if others.get("is_causal", vars(module).get("is_causal", True)) != layout.is_causal:
        odd.append("is_causal")
    if odd or _window(attention_mask, layout.is_causal) != sliding_window:
        raise NotImplementedError(f"attention with {odd or 'a mask'}")
    window = sliding_window if sliding_window is not None and sliding_window < layout.longest else None
    options = _Options(scaling, dropout, window, softcap, layout.is_causal)
    layout.is_read = True
    if torch.is_autocast_enabled(query.device.type):
        dtype = _dtype(query.device)
        query, key, value = query.to(dtype), key.to(dtype), value.to(dtype)
    chosen = _choose(query, key, value, options)
    return chosen(query, key, value, layout, options), None


def window_mask(*_: Any, local_size: int | None = None, use_vmap: bool = False, **__: Any) -> Tensor | None:
    """Stand in for transformers' mask: nothing, or a window's size, held against what `attend` is told.

    Some networks tell their window, or that they look at chunks, to the mask alone. Those with a rule of
    their own (transformers then sets `use_vmap`) get a mask that `attend` refuses.
    """
    if use_vmap:
        return torch.zeros(1)
    return None if local_size is None else torch.tensor(local_size)


def _window(mask: Tensor | None, is_causal: bool) -> int | None:
    """Read what `window_mask` wrote; -1 for any other mask, which is no window's size.

    Of a window that looks both ways, a mask counts the neighbours on one side, attention the token as well.
    """
    if mask is None:
        return None
    return int(mask) + (not is_causal) if mask.dim() == 0 else -1


def _dtype(device: torch.device) -> torch.dtype:
    # A CPU's flash kernel is slower in bfloat16 than in float32 for rows of usual length (lab log).
    return torch.float32 if device.type == "cpu" else torch.get_autocast_dtype(device.type)


@dataclass(frozen=True)
class _Options:
    scale: float | None
    dropout: float
    window: int | None
    softcap: float | None
    is_causal: bool

    @property
    def is_plain(self) -> bool:
        return not self.dropout and self.window is None and self.softcap is None


def _choose(query: Tensor, key: Tensor, value: Tensor, options: _Options) -> Any:
    is_plain = options.softcap is None and not options.dropout
    is_known = key.shape == value.shape and query.shape[-1] % 8 == 0 and query.shape[-1] <= MOST_WIDE
    if query.is_cuda and query.dtype in (torch.bfloat16, torch.float16) and is_plain and is_known:
        return _varlen
    if query.device.type == "cpu" and options.is_plain and key.shape == value.shape:
        return _folded
    return _one_by_one


def _folded(query: Tensor, key: Tensor, value: Tensor, layout: Layout, options: _Options) -> Tensor:
    return _Folded.apply(query, key, value, layout, options)


class _Folded(torch.autograd.Function):
    """The CPU's flash kernel, called segment by segment, with gradients written where they belong.

    Slicing and joining under autograd would fill a whole gradient tensor with zeros for every segment.
    """

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, layout: Layout, options: _Options
    ) -> Tensor:
        _, heads, length, width = query.shape
        out = query.new_empty(1, length, heads, width)
        sums = []
        for fold in layout.folds:
            mask = layout.mask(fold, query.dtype)
            part, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
                _own(query, fold),
                _path(key, fold),
                _path(value, fold),
                0.0,
                options.is_causal and mask is None,
                attn_mask=mask,
                scale=options.scale,
            )
            _own(out.transpose(1, 2), fold).copy_(part)
            sums.append(lse)
        ctx.save_for_backward(query, key, value, out, *sums)
        ctx.layout, ctx.options = layout, options
        return out

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, out, *sums = ctx.saved_tensors
        grad, out = grad_outputs[0].transpose(1, 2), out.transpose(1, 2)
        grads = [torch.empty_like(query), *(_blank(tensor, ctx.layout) for tensor in (key, value))]
        for fold, lse in zip(ctx.layout.folds, sums, strict=True):
            mask = ctx.layout.mask(fold, query.dtype)
            parts = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward(
                _own(grad, fold), _own(query, fold), _path(key, fold), _path(value, fold),
                _own(out, fold), lse,
                0.0, ctx.options.is_causal and mask is None, attn_mask=mask, scale=ctx.options.scale,
            )  # fmt: skip
            _own(grads[0], fold).copy_(parts[0])
            for whole, part in zip(grads[1:], parts[1:], strict=True):
                _add(whole, part, fold, ctx.layout)
        return (*grads, None, None)


def _own(tensor: Tensor, fold: Fold) -> Tensor:
    """View [1, H, T, D] as the fold's own tokens, [N, H, length, D]."""
    return tensor[0, :, fold.start : fold.end].unflatten(1, (fold.count, fold.length)).transpose(0, 1)


def _path(tensor: Tensor, fold: Fold) -> Tensor:
    """Give what the fold's tokens may look at, [N, H, depth + length, D]."""
    if not fold.before:
        return _own(tensor, fold)
    return torch.cat(
        [tensor[:, :, start:end] for start, end in (*fold.before, (fold.start, fold.end))], dim=2
    )


def _blank(tensor: Tensor, layout: Layout) -> Tensor:
    return torch.zeros_like(tensor) if layout.has_branches else torch.empty_like(tensor)


def _add(whole: Tensor, part: Tensor, fold: Fold, layout: Layout) -> None:
    if not layout.has_branches:
        _own(whole, fold).copy_(part)
        return
    if not fold.before:
        _own(whole, fold).add_(part)
        return
    slices = (*fold.before, (fold.start, fold.end))
    for (start, end), piece in zip(slices, part.split([b - a for a, b in slices], dim=2), strict=True):
        whole[:, :, start:end] += piece


def _varlen(query: Tensor, key: Tensor, value: Tensor, layout: Layout, options: _Options) -> Tensor:
    """The GPU's flash kernel over all segments at once; a branch's keys are gathered once per layer."""
    from torch.nn.attention.varlen import varlen_attn

    rows = layout.on(query.device)
    q, k, v = (tensor[0].transpose(0, 1) for tensor in (query, key, value))
    if rows.path is not None:
        k, v = k.index_select(0, rows.path), v.index_select(0, rows.path)
    out = varlen_attn(
        q, k, v, rows.starts_q, rows.starts_k, rows.longest_q, rows.longest_k,
        scale=options.scale,
        window_size=_reach(options),
        enable_gqa=q.shape[1] != k.shape[1],
    )  # fmt: skip
    assert isinstance(out, Tensor)
    return out[None]


def _reach(options: _Options) -> tuple[int, int]:
    """Give how many tokens to the left and to the right are seen; -1 for all."""
    before = -1 if options.window is None else options.window - 1
    return before, 0 if options.is_causal else before


def _one_by_one(query: Tensor, key: Tensor, value: Tensor, layout: Layout, options: _Options) -> Tensor:
    """Any device, any option: one call per fold, under autograd."""
    parts = []
    for fold in layout.folds:
        q, k, v = _own(query, fold), _path(key, fold), _path(value, fold)
        allowed = _allowed(fold, options, query.device)
        if options.softcap is None:
            part = functional.scaled_dot_product_attention(
                q, k, v, allowed, options.dropout, scale=options.scale, enable_gqa=q.shape[1] != k.shape[1]
            )
        else:
            part = _capped(q, k, v, allowed, options)
        parts.append(part.transpose(1, 2).flatten(0, 1))
    return torch.cat(parts)[None]


def _capped(query: Tensor, key: Tensor, value: Tensor, allowed: Tensor, options: _Options) -> Tensor:
    """Attention whose scores are bounded by `softcap * tanh(score / softcap)` (Gemma 2, arXiv:2408.00118)."""
    assert options.softcap is not None
    times = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(times, 1), value.repeat_interleave(times, 1)
    scores = query @ key.transpose(2, 3) * (options.scale or query.shape[-1] ** -0.5)
    scores = options.softcap * torch.tanh(scores / options.softcap)
    shares = scores.masked_fill(~allowed, float("-inf")).softmax(
        -1, dtype=torch.promote_types(scores.dtype, torch.float32)
    )
    return functional.dropout(shares.to(query.dtype), options.dropout) @ value


def _allowed(fold: Fold, options: _Options, device: torch.device) -> Tensor:
    allowed = torch.ones(fold.length, fold.depth + fold.length, dtype=torch.bool, device=device)
    before, after = _reach(options)
    if after >= 0:
        allowed = allowed.tril(fold.depth + after)
    return allowed if before < 0 else allowed.triu(fold.depth - before)
