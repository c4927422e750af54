"""What a network says of whole rows: its own head, over the one state of each row that it looks at.

Letters behind names: N rows, D width, K classes or numbers.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPoolingAndCrossAttentions as Output

from tunesmith.engine.passes import Pass
from tunesmith.engine.scores import widen


def mean_of_rows(states_BTD: Tensor, batch: Pass) -> Tensor:
    """Average the states of each row over its tokens, [N, D], in float32: long sums lose bits."""
    places = torch.from_numpy(np.concatenate(batch.places)).to(states_BTD.device)
    owners = np.repeat(np.arange(len(batch.places)), [len(place) for place in batch.places])
    owners_T = torch.from_numpy(owners).to(states_BTD.device)
    states_TD = widen(states_BTD.flatten(0, 1).index_select(0, places))
    sums = states_TD.new_zeros(len(batch.places), states_TD.shape[1]).index_add(0, owners_T, states_TD)
    return sums / owners_T.bincount()[:, None]


def said_of(network: PreTrainedModel, states_ND: Tensor, ids_N: Tensor) -> Tensor:
    """Give what the network's head makes of states that its body gave, [N, K].

    The head sees rows of one token, the one it would have picked: the first where it reads both ways, the
    last where it does not. A head that looks at more shows in the self-test.
    """
    with _standing_in(network, states_ND[:, None]):
        return network(input_ids=ids_N[:, None], attention_mask=torch.ones_like(ids_N)[:, None]).logits


@contextmanager
def _standing_in(network: PreTrainedModel, states: Tensor) -> Generator[None]:
    body: Any = network.base_model
    body.forward = partial(_give, body, states)
    try:
        yield
    finally:
        del body.forward


def _give(body: Any, states: Tensor, *_: Any, **__: Any) -> Output:
    pooler = body._modules.get("pooler")
    return Output(last_hidden_state=states, pooler_output=None if pooler is None else pooler(states))  # type: ignore[arg-type]  # any tensor will do
