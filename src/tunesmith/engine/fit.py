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
from torch import Tensor
from transformers import AttentionInterface, PreTrainedModel
from transformers.masking_utils import AttentionMaskInterface

from tunesmith.core.cards import Encoded
from tunesmith.engine.attention import NAME, attend, window_mask
from tunesmith.engine.forest import WORTH_SHARING
from tunesmith.engine.forward import FAST, PLAIN, Forward, Levers
from tunesmith.engine.network import computes_in, inner, is_plain, positions_of
from tunesmith.engine.passes import Pass
from tunesmith.engine.projection import Group, find_groups, together
from tunesmith.engine.randomness import draws

AttentionInterface.register(NAME, attend)  # type: ignore[arg-type]  # typed for functions that take no layout
AttentionMaskInterface.register(NAME, window_mask)  # type: ignore[arg-type]  # no mask is a mask, too

REFUSALS = (TypeError, ValueError, NotImplementedError, RuntimeError, AttributeError, LookupError)
"""What a network raises that does not know an argument or a shape."""


@contextmanager
def fit(
    network: PreTrainedModel, wanted: Levers = FAST, compute: torch.dtype | None = None
) -> Generator[Forward]:
    """Run the network with those of the wanted levers that change nothing; `refused` says why others are off.

    The network is as it was when the context ends.
    """
    compute = compute or computes_in(network)
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            levers, refused = _choose(network, wanted, compute)
    finally:
        network.train(was_training)
    with pulled(network, levers, compute) as forward:
        yield replace(forward, refused=refused)


@contextmanager
def pulled(
    network: PreTrainedModel, levers: Levers, compute: torch.dtype | None = None
) -> Generator[Forward]:
    """Run the network with exactly these levers, whether they fit it or not."""
    compute = compute or computes_in(network)
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
    try:
        return find_groups(
            network, lambda: inner(network).base_model(input_ids=ids, use_cache=False), compute
        )
    finally:
        network.train(was_training)


def _choose(network: PreTrainedModel, wanted: Levers, compute: torch.dtype) -> tuple[Levers, tuple[str, ...]]:
    """Give the wanted levers that change nothing, and say why the others are off."""
    rows = _rows(network)
    with pulled(network, PLAIN, compute) as plain:
        alone = torch.cat([plain.logprobs(batch) for row in rows for batch in plain.passes([row], 10**9)])
    possible, refused = _possible(network, wanted, rows)
    if _why_not(network, possible, compute, rows, alone) is None:
        return possible, refused
    levers = PLAIN
    for name, change in _changes(possible):
        reason = _why_not(network, replace(levers, **change), compute, rows, alone)
        if reason is None:
            levers = replace(levers, **change)
        else:
            refused = (*refused, f"{name}: {reason}")
    return levers, refused


def _possible(
    network: PreTrainedModel, wanted: Levers, rows: Sequence[Encoded]
) -> tuple[Levers, tuple[str, ...]]:
    """Take back what would change something that three rows do not show."""
    refused: list[str] = []
    if wanted.packing != "padded" and not inner(network)._can_set_attn_implementation():
        names = ("flat",) if wanted.packing == "flat" else ("flat", "forest")
        refused += [f"{name}: its attention has code of its own" for name in names]
        wanted = replace(wanted, packing="padded")
    if wanted.packing == "forest" and _draws(network, rows):
        refused.append("forest: rows with one beginning would share what dropout draws")
        wanted = replace(wanted, packing="flat")
    if wanted.own_head and not is_plain(inner(network).get_output_embeddings()):
        refused.append("own head: the output layer is no plain matrix")
        wanted = replace(wanted, own_head=False)
    return wanted, tuple(refused)


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
    """Make three rows: two that begin alike, and one of its own; shorter ones where the context is short."""
    known: int = inner(network).get_input_embeddings().weight.shape[0]  # type: ignore[index,assignment]  # a matrix
    draw = random.Random(0)
    shared = max(1, min(WORTH_SHARING + 3, positions_of(network) - 10))
    beginning, *ends = ([draw.randrange(known) for _ in range(size)] for size in (shared, 7, 9, 23))
    ids = [beginning + ends[0], beginning + ends[1], ends[2][: positions_of(network)]]
    return [Encoded(array("l", row), array("f", [0.0] + [1.0] * (len(row) - 1))) for row in ids]


def _draws(network: PreTrainedModel, rows: Sequence[Encoded]) -> bool:
    """Does the network draw random numbers while it trains?"""
    network.train()
    with pulled(network, PLAIN) as forward:
        (batch,) = forward.passes(rows[:1], 10**9)
        found = draws(lambda: forward.logprobs(batch))
    network.eval()
    return found
