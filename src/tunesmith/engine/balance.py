"""Keeping the experts of a base evenly used, row by row: a cost beside the loss, for what routers choose.

Letters behind names: C experts; K experts chosen for a token; R rows; T tokens of the pass; U tokens of all
rows, one after the other.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils.output_capturing import OutputRecorder

from tunesmith.core.errors import BadRecipe
from tunesmith.engine.network import inner
from tunesmith.engine.passes import Pass


@dataclass(frozen=True)
class Balance:
    """Listens to the routers of a network, and says how unevenly they spread the tokens of each row.

    For a row, experts i and a router: N / K sum_i f_i P_i, where f_i is the share of the row's tokens
    that have expert i among their K chosen of N, and P_i its mean probability: 1 where all are used alike,
    N / K where all tokens go to the same ones (Fedus et al., 2021, https://arxiv.org/abs/2101.03961,
    equations 4 to 6, for each row alone as in DeepSeek-AI, 2024, https://arxiv.org/abs/2412.19437, equations
    17 to 20). It is a sum over rows, so how these are packed, which beginnings are computed once, and into
    how many passes a step is cut changes nothing: tokens of a shared beginning count for every row.
    """

    share: float
    routers: int
    heard: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    known: set[type[nn.Module]] = field(default_factory=set)

    def describe(self) -> str:
        """Say what is asked of routers."""
        return f"experts of {self.routers} layers are kept evenly used, with weight {self.share:g}"

    def forget(self) -> None:
        """Let go of what routers said in a pass before."""
        self.heard.clear()

    def cost(self, batch: Pass) -> Tensor:
        """Give what is added to the sum of losses of a pass: each row counts as much as its predictions."""
        tokens_U = torch.from_numpy(np.concatenate(batch.places)).to(batch.ids_BT.device)
        lengths = [len(place) for place in batch.places]
        row_U = torch.arange(len(lengths), device=tokens_U.device).repeat_interleave(
            torch.tensor(lengths, device=tokens_U.device)
        )
        worth_R = torch.stack([weights.sum() for weights in batch.weights_C.split(batch.counts)])
        total = worth_R.new_zeros(())
        for scores_TC, chosen_TK in self.heard:
            uneven_R = unevenness(scores_TC[tokens_U], chosen_TK[tokens_U], row_U, len(lengths))
            total = total + (worth_R * uneven_R).sum()
        self.forget()
        return self.share / self.routers * total


def unevenness(scores_UC: Tensor, chosen_UK: Tensor, row_U: Tensor, rows: int) -> Tensor:
    """Say how unevenly one router spreads each row's tokens, [R], from its scores and what it has chosen."""
    likely_UC = scores_UC.float().softmax(-1)
    is_chosen_UC = torch.zeros_like(likely_UC).scatter(1, chosen_UK, 1.0)
    empty_RC = likely_UC.new_zeros(rows, likely_UC.shape[1])
    tokens_R = likely_UC.new_zeros(rows).index_add(0, row_U, torch.ones_like(row_U, dtype=likely_UC.dtype))
    share_RC = empty_RC.index_add(0, row_U, is_chosen_UC) / tokens_R.unsqueeze(-1)
    mean_RC = empty_RC.index_add(0, row_U, likely_UC) / tokens_R.unsqueeze(-1)
    return (share_RC * mean_RC).sum(-1) * likely_UC.shape[1] / chosen_UK.shape[1]


@contextmanager
def balanced(network: PreTrainedModel, share: float) -> Generator[Balance | None]:
    """Listen to a network's routers while it learns; None where no cost is asked for.

    Raises BadRecipe for a network without experts whose routers are known.
    """
    if not share:
        yield None
        return
    found = check_routers(network)
    balance = Balance(share, len(found))
    hooks = [router.register_forward_hook(partial(_hear, balance)) for router in found]
    try:
        yield balance
    finally:
        for hook in hooks:
            hook.remove()


def check_routers(network: PreTrainedModel) -> list[nn.Module]:
    """Give the routers of a network, with weights or without; raises BadRecipe where there are none."""
    if found := routers(network):
        return found
    raise BadRecipe(
        "training.balance keeps experts evenly used, but this base has none, or its routers have other "
        "means to that end. Leave it out."
    )


def routers(network: PreTrainedModel) -> list[nn.Module]:
    """Find the routers that give scores, weights and choices; not those that even use out by a bias."""
    plain = inner(network)
    parts: tuple[Any, ...] = (plain, plain.base_model)
    recorders = ((part._can_record_outputs or {}).get("router_logits") for part in parts)
    told = (recorder for recorder in recorders if isinstance(recorder, OutputRecorder))
    kinds = {recorder.target_class for recorder in told if recorder.index == 0}
    found = [module for module in plain.modules() if type(module) in kinds]
    return [router for router in found if "e_score_correction_bias" not in vars(router)["_buffers"]]


def _hear(balance: Balance, router: nn.Module, _: Any, output: tuple[Tensor, Tensor, Tensor]) -> None:
    if router.training:  # nothing is added where nothing learns
        scores_TC, _, chosen_TK = output
        if not balance.known:
            _check_choice(router, scores_TC.detach(), chosen_TK)
            balance.known.add(type(router))
        balance.heard.append((scores_TC, chosen_TK))


def _check_choice(router: nn.Module, scores_TC: Tensor, chosen_TK: Tensor) -> None:
    """Raise BadRecipe unless what is heard are scores, and the highest of them were chosen."""
    likely = scores_TC.topk(chosen_TK.shape[-1], dim=-1).values.sort(-1).values
    taken = scores_TC.gather(-1, chosen_TK).sort(-1).values
    is_share = bool((scores_TC >= 0).all()) and torch.allclose(
        scores_TC.sum(-1), scores_TC.new_ones(()), atol=1e-2
    )
    if is_share or not torch.equal(likely, taken):
        raise BadRecipe(
            f"training.balance: a {type(router).__name__} does not choose by the softmax of what it tells. "
            "Leave balance out."
        )
