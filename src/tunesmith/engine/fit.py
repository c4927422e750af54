"""Fit the fast forward to a network: try every lever on three short rows, keep those that change nothing.

There is no list of architectures: what a network computes with a lever is compared with what it computes by
itself, one row at a time.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.masking_utils import AttentionMaskInterface

from tunesmith.core.cards import Encoded
from tunesmith.engine.attention import NAME, attend
from tunesmith.engine.forest import WORTH_SHARING
from tunesmith.engine.forward import FAST, PLAIN, Forward, Levers
from tunesmith.engine.network import inner
from tunesmith.engine.passes import Pass
from tunesmith.engine.projection import Group, find_groups, together

AttentionInterface.register(NAME, attend)  # type: ignore[arg-type]  # typed for functions that take no layout
AttentionMaskInterface.register(NAME, lambda *_, **__: None)  # type: ignore[arg-type]  # no mask is a mask, too

REFUSALS = (TypeError, ValueError, NotImplementedError, RuntimeError, AttributeError, LookupError)
"""What a network raises that does not know an argument or a shape."""


@contextmanager
def fit(
    network: PreTrainedModel, wanted: Levers = FAST, compute: torch.dtype | None = None
) -> Generator[Forward]:
    """Run the network with those of the wanted levers that change nothing; `refused` says why others are off.

    The network is as it was when the context ends.
    """
    compute = compute or network.dtype
    levers, refused = PLAIN, list[str]()
    if wanted.packing == "forest" and _draws(network):
        wanted = replace(wanted, packing="flat")
        refused.append("forest: rows with one beginning would share what dropout draws")
    was_training = network.training
    network.eval()
    rows = _rows(network)
    with torch.no_grad(), pulled(network, PLAIN, compute) as plain:
        alone = torch.cat([plain.logprobs(batch) for row in rows for batch in plain.passes([row], 10**9)])
    if _why_not(network, wanted, compute, rows, alone) is None:
        levers = wanted
    else:
        for name, change in _changes(wanted):
            reason = _why_not(network, replace(levers, **change), compute, rows, alone)
            if reason is None:
                levers = replace(levers, **change)
            else:
                refused.append(f"{name}: {reason}")
    network.train(was_training)
    with pulled(network, levers, compute) as forward:
        yield replace(forward, refused=tuple(refused))


@contextmanager
def pulled(
    network: PreTrainedModel, levers: Levers, compute: torch.dtype | None = None
) -> Generator[Forward]:
    """Run the network with exactly these levers, whether they fit it or not."""
    compute = compute or network.dtype
    with ExitStack() as stack:
        if levers.grouped:
            stack.enter_context(together(_groups(network, compute)))
        if levers.packing != "padded":
            stack.enter_context(_own_attention(network))
        yield Forward(network, levers, compute)


@contextmanager
def _own_attention(network: PreTrainedModel) -> Generator[None]:
    before = network.config._attn_implementation or "eager"
    inner(network).set_attn_implementation(NAME)
    try:
        yield
    finally:
        inner(network).set_attn_implementation(before)


def _groups(network: PreTrainedModel, compute: torch.dtype) -> list[Group]:
    ids = torch.ones(1, 2, dtype=torch.long, device=network.device)
    was_training = network.training
    network.eval()  # nothing is to be drawn at random
    groups = find_groups(network, lambda: inner(network).base_model(input_ids=ids, use_cache=False), compute)
    network.train(was_training)
    return groups


def _changes(wanted: Levers) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the wanted levers one by one; a later packing takes the place of an earlier one."""
    if wanted.packing != "padded":
        yield "flat", {"packing": "flat"}
    if wanted.packing == "forest":
        yield "forest", {"packing": "forest"}
    if wanted.own_head:
        yield "own head", {"own_head": True}
    if wanted.grouped:
        yield "grouped LoRA", {"grouped": True}


@torch.no_grad()
def _why_not(
    network: PreTrainedModel, levers: Levers, compute: torch.dtype, rows: Sequence[Encoded], alone: Tensor
) -> str | None:
    try:
        with pulled(network, levers, compute) as forward:
            (batch,) = forward.passes(rows, 10**9)
            at_once = _in_order(batch, forward.logprobs(batch))
    except REFUSALS as error:
        return f"the network does not take it ({type(error).__name__}: {str(error).splitlines()[0][:120]})"
    if batch.layout is not None and not batch.layout.is_read:
        return "its attention has code of its own"
    difference = float((at_once - alone).abs().max())
    # Written so that a difference which is not a number is too large as well.
    return None if difference <= forward.rounding else f"log-probabilities differ by {difference:.1e}"


def _in_order(batch: Pass, logprobs_C: Tensor) -> Tensor:
    parts = zip(batch.numbers, logprobs_C.split(batch.counts), strict=True)
    return torch.cat([part for _, part in sorted(parts, key=itemgetter(0))])


def _rows(network: PreTrainedModel) -> list[Encoded]:
    """Make three rows: two that begin alike, and one of its own."""
    rows: int = inner(network).get_input_embeddings().weight.shape[0]  # type: ignore[index,assignment]  # a matrix
    draw = random.Random(0)
    beginning, *ends = ([draw.randrange(rows) for _ in range(size)] for size in (WORTH_SHARING + 3, 7, 9, 23))
    ids = [beginning + ends[0], beginning + ends[1], ends[2]]
    return [Encoded(array("l", row), array("f", [0.0] + [1.0] * (len(row) - 1))) for row in ids]


def _draws(network: PreTrainedModel) -> bool:
    """Does anything in the network drop values at random while it trains?"""
    config = network.config.get_text_config()
    in_attention = getattr(config, "attention_dropout", 0.0) or 0.0
    return in_attention > 0 or any(
        isinstance(layer, nn.Dropout) and layer.p > 0 for layer in network.modules()
    )
