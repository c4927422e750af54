"""Fit the fast forward to a network: try every lever on three short rows, keep those that change nothing.

There is no list of architectures: what a network computes with a lever is compared with what it computes by
itself, one row at a time.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
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
from tunesmith.engine.precision import rounding
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
        groups = tuple(_groups(network, compute)) if levers.grouped else ()
        stack.enter_context(together(groups))
        if levers.packing != "padded":
            stack.enter_context(_own_attention(network))
        yield Forward(network, levers, compute, groups=groups)


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


@dataclass(frozen=True)
class _Oracle:
    """Three rows, and what the network gives for each alone: as it computes by itself, and in `compute`.

    `noise` is what computing in fewer bits changes, in nats; levers may not add much to it.
    """

    rows: Sequence[Encoded]
    alone: Tensor
    compute: torch.dtype
    noise: float

    @classmethod
    def ask(cls, network: PreTrainedModel, compute: torch.dtype) -> _Oracle:
        rows = _rows(network)
        alone = _alone(network, rows, computes_in(network))
        if compute is computes_in(network):
            return cls(rows, alone, compute, noise=0.0)
        return cls(rows, alone, compute, noise=float((alone - _alone(network, rows, compute)).abs().max()))


def _alone(network: PreTrainedModel, rows: Sequence[Encoded], compute: torch.dtype) -> Tensor:
    with pulled(network, PLAIN, compute) as plain:
        return torch.cat([plain.logprobs(batch) for row in rows for batch in plain.passes([row], 10**9)])


def _choose(network: PreTrainedModel, wanted: Levers, compute: torch.dtype) -> tuple[Levers, tuple[str, ...]]:
    """Give the wanted levers that change nothing, and say why the others are off."""
    oracle = _Oracle.ask(network, compute)
    possible, refused = _possible(network, wanted, oracle.rows)
    if _why_not(network, possible, oracle) is None:
        return possible, refused
    levers = PLAIN
    for name, change in _changes(possible):
        reason = _why_not(network, replace(levers, **change), oracle)
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


def _why_not(network: PreTrainedModel, levers: Levers, oracle: _Oracle) -> str | None:
    """Say what speaks against these levers: first as exactly as the network computes, then in fewer bits."""
    exact = computes_in(network)
    for compute in dict.fromkeys((exact, oracle.compute)):
        bound = rounding(exact) if compute is exact else max(rounding(compute), 4 * oracle.noise)
        try:
            with pulled(network, levers, compute) as forward:
                batches = list(forward.passes(oracle.rows, 10**9))
                at_once = _in_order(batches, [forward.logprobs(batch) for batch in batches])
        except REFUSALS as error:
            said = str(error).splitlines()[0][:120] if str(error) else ""
            return f"the network does not take it ({type(error).__name__}: {said})"
        if not all(batch.layout is None or batch.layout.is_read for batch in batches):
            return "its attention has code of its own"
        difference = float((at_once - oracle.alone).abs().max())
        if not difference <= bound:  # written so that what is not a number is too large as well
            return f"log-probabilities differ by {difference:.1e}"
    return None


def _in_order(batches: Sequence[Pass], logprobs: Sequence[Tensor]) -> Tensor:
    parts: dict[int, Tensor] = {}
    for batch, found_C in zip(batches, logprobs, strict=True):
        parts |= dict(zip(batch.numbers, found_C.split(batch.counts), strict=True))
    return torch.cat([parts[number] for number in sorted(parts)])


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
