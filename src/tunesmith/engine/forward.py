"""The network as the engine runs it: passes in, log-probabilities of the wanted tokens out.

Letters behind names: S predictions that differ, C predictions asked for, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from tunesmith.core.cards import Encoded
from tunesmith.engine.head import Head
from tunesmith.engine.network import computes_in, inner, stretched_beyond
from tunesmith.engine.passes import Packing, Pass, passes
from tunesmith.engine.projection import Group
from tunesmith.engine.trunk import Trunk, standing_in


@dataclass(frozen=True)
class Levers:
    """What makes a forward fast and changes nothing: how rows are packed, the own head, LoRA in groups."""

    packing: Packing = "forest"
    own_head: bool = True
    grouped: bool = True


PACKINGS = {
    "forest": "rows packed, common beginnings computed once",
    "flat": "rows packed",
    "padded": "rows padded to one length",
}
FAST = Levers()
PLAIN = Levers(packing="padded", own_head=False, grouped=False)


@dataclass(frozen=True)
class Forward:
    """Runs passes through a network that was fitted with these levers (`engine.fit`)."""

    network: PreTrainedModel
    levers: Levers
    compute: torch.dtype
    refused: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    trunk: Trunk | None = None

    def describe(self) -> tuple[str, ...]:
        """Say how rows go through the network, and which levers it does not take."""
        trunk = () if self.trunk is None else (self.trunk.describe(),)
        return (PACKINGS[self.levers.packing], *trunk, *(f"not used: {reason}" for reason in self.refused))

    def forget(self) -> None:
        """Let go of what a pass that failed has left behind."""
        for group in self.groups:
            group.forget()

    def passes(self, rows: Sequence[Encoded], tokens_per_pass: int) -> Iterator[Pass]:
        """Cut rows into passes, laid out as this network takes them."""
        limit = stretched_beyond(self.network)
        for batch in passes(rows, tokens_per_pass, self.network.device, self.levers.packing, limit):
            yield batch if self.trunk is None else replace(batch, below_BTD=self.trunk.below(batch, rows))

    def logprobs(self, batch: Pass) -> Tensor:
        """Give the log-probability of every asked prediction in nats, shape [C], in float32 or finer."""
        if self.levers.own_head:
            logprobs_S = self._head().logprobs(self._hidden(batch), batch.targets_S, _hint(batch))
        else:
            logprobs_S = _picked(self._logits(batch), batch.targets_S)
        return batch.asked(logprobs_S)

    @torch.no_grad()
    def ranked(self, batch: Pass) -> tuple[Tensor, Tensor]:
        """Give log-probabilities, and whether each asked token is the likeliest; both have shape [C]."""
        if self.levers.own_head:
            logprobs_S, is_first_S = self._head().top(self._hidden(batch), batch.targets_S)
        else:
            logits_SV = self._logits(batch)
            logprobs_S, is_first_S = (
                _picked(logits_SV, batch.targets_S),
                logits_SV.argmax(-1) == batch.targets_S,
            )
        return batch.asked(logprobs_S), batch.asked(is_first_S)

    def hidden(self, batch: Pass) -> Tensor:
        """Give what leaves the network's body, [B, T, D]."""
        with self._coarser(), self._above(batch):
            return inner(self.network).base_model(**_inputs(batch)).last_hidden_state

    def _head(self) -> Head:
        return Head.of(inner(self.network), self.compute)

    def _coarser(self) -> torch.autocast:
        """Compute products in a coarser type than the weights have, where that was chosen."""
        is_coarser = self.compute != computes_in(self.network)
        return torch.autocast(self.network.device.type, self.compute if is_coarser else None, is_coarser)

    def _above(self, batch: Pass) -> AbstractContextManager[None]:
        if self.trunk is None or batch.below_BTD is None:
            return nullcontext()
        return standing_in(self.network, self.trunk.depth, batch.below_BTD)

    def _hidden(self, batch: Pass) -> Tensor:
        return self.hidden(batch).flatten(0, 1).index_select(0, batch.rows_S)

    def _logits(self, batch: Pass) -> Tensor:
        """Give logits [S, V] as the network computes them itself."""
        network, inputs = inner(self.network), _inputs(batch)
        kept, place_S = batch.rows_S.unique(return_inverse=True)
        if "logits_to_keep" in signature(network.forward).parameters:
            keep = torch.zeros(batch.ids_BT.numel(), dtype=torch.bool, device=kept.device)
            keep[kept] = True
            inputs["logits_to_keep"] = keep.view_as(batch.ids_BT)
        else:
            place_S = batch.rows_S
        with self._coarser(), self._above(batch):
            logits = network(**inputs).logits
        return _widen(logits.reshape(-1, logits.shape[-1]).index_select(0, place_S))


def _inputs(batch: Pass) -> dict[str, Any]:
    inputs: dict[str, Any] = {"input_ids": batch.ids_BT, "use_cache": False}
    if batch.layout is None:
        return inputs
    return inputs | {"position_ids": batch.positions_BT, "layout": batch.layout}


def _hint(batch: Pass) -> Tensor:
    """Give what a sum of weighted costs multiplies each log-probability with."""
    if batch.terms_C is None:
        return -batch.weights_C
    nothing_S = torch.zeros_like(batch.rows_S, dtype=batch.weights_C.dtype)
    return nothing_S.index_add(0, batch.terms_C, -batch.weights_C)


def _picked(logits_SV: Tensor, targets_S: Tensor) -> Tensor:
    return logits_SV.gather(1, targets_S[:, None])[:, 0] - logits_SV.logsumexp(-1)


def _widen(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))  # never narrows float64
