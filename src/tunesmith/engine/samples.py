"""Rows of random tokens, as a network reads them: to try levers on, and to meter memory with."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence

from transformers import PreTrainedModel

from tunesmith.core.cards import Encoded
from tunesmith.engine.forest import WORTH_SHARING
from tunesmith.engine.network import inner, positions_of
from tunesmith.engine.rows import Reading


def samples(network: PreTrainedModel, reading: Reading) -> list[Encoded]:
    """Make three rows: two that begin alike, and one of its own; shorter ones where the context is short."""
    known: int = inner(network).get_input_embeddings().weight.shape[0]  # type: ignore[index,assignment]  # a matrix
    draw, longest = random.Random(0), positions_of(network)
    config = network.config.get_text_config()
    odd = {config.pad_token_id, config.eos_token_id}  # some networks look for them
    usual = [token for token in range(known) if token not in odd]
    shared = max(1, min(WORTH_SHARING + 3, longest - 10))
    beginning, *ends = (draw.choices(usual, k=size) for size in (shared, 7, 9, 23))
    every = [beginning + ends[0], beginning + ends[1], ends[2][:longest]]
    return [sample(ids, network, reading) for ids in every]


def sample(ids: Sequence[int], network: PreTrainedModel, reading: Reading) -> Encoded:
    """Make a row of these ids of which as much is wanted as may be."""
    row, weights = array("i", ids), array("f", [0.0] + [1.0] * (len(ids) - 1))
    if reading.wanted == "next":
        source = array("i", ids[::-1]) if reading.family == "encoder-decoder" else array("i")
        return Encoded(row, weights, source=source)
    if reading.wanted == "places":
        kinds = len(reading.task.labels) or max(ids) + 1
        return Encoded(row, weights, targets=array("d", [token % kinds for token in ids]))
    if network.config.is_encoder_decoder:  # it looks at the token that ends the text
        row[-1] = network.config.eos_token_id
    weights = array("f", [1.0] + [0.0] * (len(ids) - 1))
    count = len(reading.task.labels) if reading.task.several else 1
    return Encoded(row, weights, targets=array("d", [float(place % 2) for place in range(count)]))
