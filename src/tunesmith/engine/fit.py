"""Fit the fast forward to a network: try every lever on three short rows, keep those that change nothing.

There is no list of architectures: what a network computes with a lever is compared with what it computes by
itself, one row at a time.
"""

from __future__ import annotations

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
from tunesmith.engine.balance import balanced
from tunesmith.engine.forward import FAST, PLAIN, Forward, Levers
from tunesmith.engine.network import computes_in, inner, is_plain, is_prompted
from tunesmith.engine.passes import Pass
from tunesmith.engine.precision import rounding
from tunesmith.engine.projection import Group, find_groups, together
from tunesmith.engine.randomness import draws
from tunesmith.engine.rows import NEXT_TOKEN, Reading
from tunesmith.engine.samples import samples

AttentionInterface.register(NAME, attend)  # type: ignore[arg-type]  # typed for functions that take no layout
AttentionMaskInterface.register(NAME, window_mask)  # type: ignore[arg-type]  # no mask is a mask, too

REFUSALS = (TypeError, ValueError, NotImplementedError, RuntimeError, AttributeError, LookupError)
"""What a network raises that does not know an argument or a shape."""


@contextmanager
def fit(
    network: PreTrainedModel,
    wanted: Levers = FAST,
    compute: torch.dtype | None = None,
    reading: Reading = NEXT_TOKEN,
    balance: float = 0.0,
) -> Generator[Forward]:
    """Run the network with those of the wanted levers that change nothing; `refused` says why others are off.

    `balance` is the weight of the cost of uneven use of experts. The network is as it was when the context
    ends.
    """
    compute = compute or computes_in(network)
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            levers, refused = _choose(network, wanted, compute, reading)
    finally:
        network.train(was_training)
    with pulled(network, levers, compute, reading) as forward, balanced(network, balance) as heard:
        yield replace(forward, refused=refused, balance=heard)


@contextmanager
def pulled(
    network: PreTrainedModel,
    levers: Levers,
    compute: torch.dtype | None = None,
    reading: Reading = NEXT_TOKEN,
) -> Generator[Forward]:
    """Run the network with exactly these levers, whether they fit it or not."""
    compute = compute or computes_in(network)
    with ExitStack() as stack:
        groups = tuple(_groups(network, compute, reading)) if levers.grouped else ()
        stack.enter_context(together(groups))
        if levers.packing != "padded":
            stack.enter_context(_own_attention(network))
        yield Forward(network, levers, compute, reading, groups=groups)


@contextmanager
def _own_attention(network: PreTrainedModel) -> Generator[None]:
    before = network.config._attn_implementation or "eager"
    inner(network).set_attn_implementation(NAME)
    try:
        yield
    finally:
        inner(network).set_attn_implementation(before)


def _groups(network: PreTrainedModel, compute: torch.dtype, reading: Reading) -> list[Group]:
    inputs: dict[str, Any] = {"input_ids": torch.ones(1, 2, dtype=torch.long, device=network.device)}
    if network.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = inputs["input_ids"]
    if reading.family == "decoder":
        inputs["use_cache"] = False
    was_training = network.training
    network.eval()  # nothing is to be drawn at random
    try:
        return find_groups(network, lambda: inner(network).base_model(**inputs), compute)
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
    reading: Reading

    @classmethod
    def ask(cls, network: PreTrainedModel, compute: torch.dtype, reading: Reading) -> _Oracle:
        rows, exact = samples(network, reading), computes_in(network)
        alone = _alone(network, rows, exact, reading)
        if compute is exact:
            return cls(rows, alone, compute, 0.0, reading)
        noise = float((alone - _alone(network, rows, compute, reading)).abs().max())
        return cls(rows, alone, compute, noise, reading)


def _alone(
    network: PreTrainedModel, rows: Sequence[Encoded], compute: torch.dtype, reading: Reading
) -> Tensor:
    with pulled(network, PLAIN, compute, reading) as plain:
        return torch.cat([plain.logprobs(batch) for row in rows for batch in plain.passes([row], 10**9)])


def _choose(
    network: PreTrainedModel, wanted: Levers, compute: torch.dtype, reading: Reading
) -> tuple[Levers, tuple[str, ...]]:
    """Give the wanted levers that change nothing, and say why the others are off."""
    oracle = _Oracle.ask(network, compute, reading)
    possible, refused = _possible(network, wanted, oracle)
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


def _possible(network: PreTrainedModel, wanted: Levers, oracle: _Oracle) -> tuple[Levers, tuple[str, ...]]:
    """Take back what would change something that three rows do not show."""
    refused: list[str] = []
    if wanted.packing != "padded" and (reason := _not_packed(network, oracle.reading)):
        names = ("flat",) if wanted.packing == "flat" else ("flat", "forest")
        refused += [f"{name}: {reason}" for name in names]
        wanted = replace(wanted, packing="padded")
    if wanted.packing == "forest" and not oracle.reading.is_causal:
        wanted = replace(wanted, packing="flat")  # where tokens see what comes behind, no beginning is shared
    if wanted.packing == "forest" and _draws(network, oracle):
        refused.append("forest: rows with one beginning would share what dropout draws")
        wanted = replace(wanted, packing="flat")
    if wanted.own_head and (reason := _not_own_head(network, oracle.reading)):
        refused.append(f"own head: {reason}")
        wanted = replace(wanted, own_head=False)
    return wanted, tuple(refused)


def _not_packed(network: PreTrainedModel, reading: Reading) -> str:
    if is_prompted(network):
        return "peft puts a prompt before every row"
    if reading.family == "encoder-decoder":
        return "it reads two texts"
    return "" if inner(network)._can_set_attn_implementation() else "its attention has code of its own"


def _not_own_head(network: PreTrainedModel, reading: Reading) -> str:
    if is_prompted(network):
        return "peft puts a prompt before every row"
    if reading.task.says == "language" and not is_plain(inner(network).get_output_embeddings()):
        return "the output layer is no plain matrix"
    return ""


def _changes(wanted: Levers) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the wanted levers one by one; a later packing takes the place of an earlier one."""
    if wanted.own_head:  # first: whole rows are not packed without it
        yield "own head", {"own_head": True}
    if wanted.packing != "padded":
        yield "flat", {"packing": "flat"}
    if wanted.packing == "forest":
        yield "forest", {"packing": "forest"}
    if wanted.grouped:
        yield "grouped LoRA", {"grouped": True}


def _why_not(network: PreTrainedModel, levers: Levers, oracle: _Oracle) -> str | None:
    """Say what speaks against these levers: first as exactly as the network computes, then in fewer bits."""
    exact = computes_in(network)
    for compute in dict.fromkeys((exact, oracle.compute)):
        bound = rounding(exact) if compute is exact else max(rounding(compute), 4 * oracle.noise)
        try:
            with pulled(network, levers, compute, oracle.reading) as forward:
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


def _draws(network: PreTrainedModel, oracle: _Oracle) -> bool:
    """Does the network draw random numbers while it trains?"""
    network.train()
    with pulled(network, PLAIN, reading=oracle.reading) as forward:
        (batch,) = forward.passes(oracle.rows[:1], 10**9)
        found = draws(lambda: forward.logprobs(batch))
    network.eval()
    return found
