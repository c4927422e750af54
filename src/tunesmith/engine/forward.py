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

from tunesmith.core.cards import Encoded, Loss
from tunesmith.core.contracts import Objective
from tunesmith.engine.balance import Balance
from tunesmith.engine.features import Features
from tunesmith.engine.head import Head
from tunesmith.engine.meeting import meets, met
from tunesmith.engine.network import (
    caught,
    computes_in,
    inner,
    is_prompted,
    positions_before,
    stretched_beyond,
)
from tunesmith.engine.passes import Cut, Packing, Pass, passes
from tunesmith.engine.projection import Group
from tunesmith.engine.rows import NEXT_TOKEN, Reading
from tunesmith.engine.scores import is_right, likelihood
from tunesmith.engine.trunk import Trunk, standing_in
from tunesmith.engine.whole import mean_of_rows, said_of


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
    reading: Reading = NEXT_TOKEN
    refused: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    trunk: Trunk | None = None
    features: Features | None = None
    balance: Balance | None = None

    def describe(self) -> tuple[str, ...]:
        """Say how rows go through the network, and which levers it does not take."""
        parts = (self.trunk, self.features, self.balance)
        more = tuple(part.describe() for part in parts if part is not None)
        return (PACKINGS[self.levers.packing], *more, *(f"not used: {reason}" for reason in self.refused))

    def forget(self) -> None:
        """Let go of what a pass that failed has left behind."""
        for group in self.groups:
            group.forget()
        if self.balance is not None:
            self.balance.forget()

    def passes(self, rows: Sequence[Encoded], tokens_per_pass: int) -> Iterator[Pass]:
        """Cut rows into passes, laid out as this network takes them."""
        cut = Cut(
            tokens_per_pass,
            self.levers.packing,
            self.reading,
            stretched_beyond(self.network),
            self.network.config.get_text_config().pad_token_id or 0,
        )
        if self.reading.task.says == "vector" and meets(rows):
            device, spread = self.network.device, self.reading.task.spread
            yield from met(rows, lambda texts: passes(texts, cut, device), self.scores, spread)
            return
        for batch in passes(rows, cut, self.network.device):
            known: dict[str, Tensor] = {}
            if self.trunk is not None:
                known["below_BTD"] = self.trunk.below(batch, rows)
            if self.features is not None:
                known["pooled_ND"] = self.features.of(batch, rows)
            yield replace(batch, **known)

    def cost(self, batch: Pass, objective: Objective) -> tuple[Loss, Tensor | float]:
        """Give what an objective says of a pass, and what is to be made small beside it."""
        if self.balance is None:
            return objective.loss(self.logprobs(batch), batch.weights_C), 0.0
        self.balance.forget()  # layers that are computed twice have been heard twice
        loss = objective.loss(self.logprobs(batch), batch.weights_C)
        return loss, self.balance.cost(batch)

    def logprobs(self, batch: Pass) -> Tensor:
        """Give the log-probability of every asked prediction in nats, shape [C], in float32 or finer."""
        if batch.met is not None:
            return batch.met.logprobs(lambda: self.scores(batch), self.reading.task.spread)
        if self._has_own_head:
            found_S = self._head().logprobs(self._hidden(batch), batch.targets_S, _hint(batch))
        else:
            found_S = likelihood(self.scores(batch), batch.targets_S, self.reading.task)
        return batch.asked(found_S)

    @torch.no_grad()
    def ranked(self, batch: Pass) -> tuple[Tensor, Tensor]:
        """Give log-probabilities, and whether each asked prediction is the likeliest; both have shape [C]."""
        if batch.met is not None and batch.met.chosen is not None:
            return batch.met.chosen.logprobs_R, batch.met.chosen.closer_R == 0
        if self._has_own_head:
            found_S, is_first_S = self._head().top(self._hidden(batch), batch.targets_S)
        else:
            scores_SK, task = self.scores(batch), self.reading.task
            found_S = likelihood(scores_SK, batch.targets_S, task)
            is_first_S = is_right(scores_SK, batch.targets_S, task)
        return batch.asked(found_S), batch.asked(is_first_S)

    def scores(self, batch: Pass) -> Tensor:
        """Give what the network says where something is asked, [S, K]: scores, a number, or a vector."""
        if self.reading.task.says == "vector":
            return self.pooled(batch)
        if self.reading.wanted != "whole":
            return self._logits(batch)
        if self.levers.own_head:
            states_ND = self.pooled(batch) if batch.pooled_ND is None else batch.pooled_ND
            ids_N = batch.ids_BT.flatten().index_select(0, batch.rows_S)
            with self._coarser():
                return said_of(inner(self.network), states_ND, ids_N)
        if batch.layout is not None:
            raise NotImplementedError("packed rows without the own head")
        with self._coarser():
            return self._network(**self._inputs(batch)).logits

    def pooled(self, batch: Pass) -> Tensor:
        """Give the state that stands for each row as a whole, [N, D]."""
        states = self.hidden(batch)
        return (
            mean_of_rows(states, batch) if self.reading.task.pools == "mean" else self._picked(states, batch)
        )

    def hidden(self, batch: Pass) -> Tensor:
        """Give what leaves the network's body, [B, T, D]."""
        says_vectors = self.reading.task.says == "vector"  # then peft puts its prompt before the body itself
        is_around = says_vectors and is_prompted(self.network)
        body = self.network if is_around else inner(self.network).base_model
        with self._coarser(), self._above(batch):
            states = body(**self._inputs(batch)).last_hidden_state
        return states[:, states.shape[1] - batch.ids_BT.shape[1] :]  # what is read before comes first

    @property
    def _has_own_head(self) -> bool:
        return self.levers.own_head and self.reading.task.says == "language"

    @property
    def _network(self) -> PreTrainedModel:
        """The network to be called: peft's wrapping itself puts prompts before every row."""
        return self.network if is_prompted(self.network) else inner(self.network)

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
        """Give what enters the output layer where something is asked, [S, D]."""
        if self.reading.family == "decoder":
            return self._picked(self.hidden(batch), batch)
        with self._coarser(), self._above(batch):
            return self._picked(caught(self._network, self._inputs(batch)), batch)

    def _picked(self, states_BTD: Tensor, batch: Pass) -> Tensor:
        return states_BTD.flatten(0, 1).index_select(0, batch.rows_S)

    def _logits(self, batch: Pass) -> Tensor:
        """Give scores [S, K] as the network computes them itself."""
        network, inputs = self._network, self._inputs(batch)
        kept, place_S = batch.rows_S.unique(return_inverse=True)
        if "logits_to_keep" in signature(network.forward).parameters:
            keep = torch.zeros(batch.ids_BT.numel(), dtype=torch.bool, device=kept.device)
            keep[kept] = True
            inputs["logits_to_keep"] = keep.view_as(batch.ids_BT)
        else:
            place_S = batch.rows_S
        with self._coarser(), self._above(batch):
            logits = network(**inputs).logits
        if is_prompted(self.network):
            logits = logits[:, logits.shape[1] - batch.ids_BT.shape[1] :]  # those of the prompt come first
        return logits.reshape(-1, logits.shape[-1]).index_select(0, place_S)

    def _inputs(self, batch: Pass) -> dict[str, Any]:
        if batch.source_BT is not None:
            return {
                "input_ids": batch.source_BT,
                "attention_mask": batch.real_source_BT,
                "decoder_input_ids": batch.ids_BT,
                "use_cache": False,
            }
        inputs: dict[str, Any] = {"input_ids": batch.ids_BT}
        if self.reading.family == "decoder":
            inputs["use_cache"] = False
        if batch.second_BT is not None:
            inputs["token_type_ids"] = batch.second_BT
        if batch.layout is not None and batch.positions_BT is not None:
            positions = batch.positions_BT + positions_before(self.network)
            return inputs | {"position_ids": positions, "layout": batch.layout}
        if not self.reading.is_causal or self.reading.wanted == "whole" or is_prompted(self.network):
            inputs["attention_mask"] = batch.real_BT
        return inputs


def _hint(batch: Pass) -> Tensor:
    """Give what a sum of weighted costs multiplies each log-probability with."""
    if batch.terms_C is None:
        return -batch.weights_C
    nothing_S = torch.zeros_like(batch.rows_S, dtype=batch.weights_C.dtype)
    return nothing_S.index_add(0, batch.terms_C, -batch.weights_C)
