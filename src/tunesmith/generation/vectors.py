"""Texts as vectors: the average of all states of a model that was trained to give it, of length 1."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from tunesmith.core.cards import Model
from tunesmith.core.errors import BadBase, PromptTooLong
from tunesmith.core.service import Vectors

TOKENS_AT_ONCE = 16384


def vectors(model: Model, texts: Sequence[str]) -> Vectors:
    """Give the vector of every text; none depends on what is read beside it.

    Raises BadBase for a model that was not trained to give vectors, PromptTooLong for a text that is longer
    than it reads.
    """
    if model.task.says != "vector":
        raise BadBase(f"{model.name} was not trained to give vectors. Train one with objective: contrast.")
    rows = [list(model.chat.encode_document(text).ids) for text in texts]
    for number, row in enumerate(rows, 1):
        if len(row) > model.context:
            raise PromptTooLong(
                f"Text {number} has {len(row)} tokens, but the model reads {model.context}. Shorten it."
            )
    found: dict[int, tuple[float, ...]] = {}
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    for length, alike in groupby(order, key=lambda number: len(rows[number])):  # so nothing is padded
        group, size = list(alike), max(1, TOKENS_AT_ONCE // length)
        for start in range(0, len(group), size):
            some = group[start : start + size]
            found |= zip(some, _averages(model, [rows[number] for number in some]), strict=True)
    return Vectors(tuple(found[number] for number in range(len(rows))), sum(map(len, rows)))


def _averages(model: Model, rows: list[list[int]]) -> list[tuple[float, ...]]:
    import torch

    network: Any = model.network
    ids = torch.tensor(rows, device=network.device)
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            states = network(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
    finally:
        network.train(was_training)
    own = states[:, states.shape[1] - ids.shape[1] :]  # prompts that were learned come first
    means = own.float().mean(1)
    return [tuple(row) for row in torch.nn.functional.normalize(means, dim=-1).cpu().tolist()]
