"""Average LoRA adapters exactly, by stacking (FLoRA: Wang et al., 2024, https://arxiv.org/abs/2409.05976).

Adapter i changes a weight by s_i B_i A_i. With A = [A_1; ...; A_n] and B = [w_1 s_1 B_1, ..., w_n s_n B_n]
the product BA is the sum of w_i s_i B_i A_i: the weighted average of the changes. The averages of all A and
of all B do not multiply to it, and need equal ranks. The price of stacking: ranks add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunesmith.core.errors import BadRecipe

if TYPE_CHECKING:
    from torch import Tensor

A, B = ".lora_A.weight", ".lora_B.weight"
"""How peft's names of the two factors end; shapes are [rank, inputs] and [outputs, rank]."""


@dataclass(frozen=True)
class Adapter:
    """What one party trained: `tensors` by peft's names, applied with factor `scale` (alpha / rank).

    `name` is what messages call it, `base` its base's fingerprint, `trained` the tokens it learned from.
    """

    name: str
    base: str
    scale: float
    trained: int
    tensors: Mapping[str, Tensor]


@dataclass(frozen=True)
class Stacked:
    """One adapter that changes the base by the weighted average, applied with scale 1: alpha is the rank."""

    tensors: Mapping[str, Tensor]
    rank: int
    shares: tuple[float, ...]


def stack(adapters: Sequence[Adapter]) -> Stacked:
    """Average adapters of one base, each weighted by its share of all trained tokens.

    Raises BadRecipe, with what either side has, for adapters of different bases or of different layers, and
    for tensors that are not plain LoRA.
    """
    if len(adapters) < 2:
        raise BadRecipe(f"A federation needs at least two adapters, here: {len(adapters)}.")
    first = adapters[0]
    for adapter in adapters:
        _check_counted(adapter)
        _check_plain(adapter)
        _check_same_base(first, adapter)
        _check_same_layers(first, adapter)
    shares = tuple(adapter.trained / sum(one.trained for one in adapters) for adapter in adapters)
    tensors = {name: _join(name, adapters, shares) for name in first.tensors}
    (rank,) = {len(tensor) for name, tensor in tensors.items() if name.endswith(A)}
    return Stacked(tensors, rank, shares)


def _check_counted(adapter: Adapter) -> None:
    if adapter.trained < 1:
        raise BadRecipe(f"{adapter.name} learned from {adapter.trained} tokens, so it has no weight.")


def _check_plain(adapter: Adapter) -> None:
    odd = sorted(name for name in adapter.tensors if not name.endswith((A, B)))
    if odd or not adapter.tensors:
        found = f"{len(odd)} other tensors, such as {odd[0]}" if odd else "nothing"
        raise BadRecipe(
            f"{adapter.name} cannot be stacked: besides the factors A and B of LoRA it holds {found}."
        )
    layers = {name.removesuffix(A).removesuffix(B) for name in adapter.tensors}
    for layer in sorted(layers):
        if not {layer + A, layer + B} <= adapter.tensors.keys():
            raise BadRecipe(f"{adapter.name} cannot be stacked: {layer} has only one of the factors A and B.")
    ranks = {len(adapter.tensors[layer + A]) for layer in layers}
    ranks |= {adapter.tensors[layer + B].shape[1] for layer in layers}
    if len(ranks) > 1:
        raise BadRecipe(
            f"{adapter.name} cannot be stacked: its layers have different ranks, {sorted(ranks)}."
        )


def _check_same_base(first: Adapter, other: Adapter) -> None:
    if first.base != other.base:
        raise BadRecipe(
            f"Adapters of different bases cannot be averaged: {first.name} was trained on the base "
            f"{first.base[:12]}, {other.name} on {other.base[:12]}. All parties need the same base."
        )


def _check_same_layers(first: Adapter, other: Adapter) -> None:
    ours, theirs = _outer_shapes(first), _outer_shapes(other)
    if ours != theirs:
        raise BadRecipe(
            f"Adapters of different layers cannot be averaged: only {first.name} changes "
            f"{_listed(ours - theirs)}; only {other.name} changes {_listed(theirs - ours)}. "
            "Train them with the same method.targets."
        )


def _outer_shapes(adapter: Adapter) -> set[tuple[str, int]]:
    """Give every tensor's name with its number of inputs or outputs: all but the rank."""
    return {
        (name, tensor.shape[1] if name.endswith(A) else tensor.shape[0])
        for name, tensor in adapter.tensors.items()
    }


def _listed(pairs: set[tuple[str, int]]) -> str:
    names = sorted({name.removesuffix(A).removesuffix(B) for name, _ in pairs})
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more or "nothing"


def _join(name: str, adapters: Sequence[Adapter], shares: Sequence[float]) -> Tensor:
    import torch

    parts = [adapter.tensors[name] for adapter in adapters]
    if name.endswith(A):
        return torch.cat(parts, dim=0)
    # Scaled in float64, so that rounding to the adapter's own precision happens once.
    factors = [share * adapter.scale for share, adapter in zip(shares, adapters, strict=True)]
    scaled = [(part.double() * factor).to(part.dtype) for part, factor in zip(parts, factors, strict=True)]
    return torch.cat(scaled, dim=1)
