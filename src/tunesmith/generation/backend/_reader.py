"""What a model with a head says of a prompt: its class, its number, its tags, as text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tunesmith.core.cards import Completion, Model
from tunesmith.core.errors import BadBase, PromptTooLong
from tunesmith.core.tagged import Tagged, WordIds

if TYPE_CHECKING:
    from torch import Tensor


def is_reader(model: Model) -> bool:
    """Does the model say something of a text, instead of going on with it or answering it?"""
    return model.task.says != "language" or model.family == "encoder"


def read(model: Model, prompts: Sequence[Sequence[int]], tokens_per_batch: int) -> list[Completion]:
    """Say of every prompt what the head finds, in the order given; none depends on what is read beside it.

    Raises PromptTooLong for a prompt that is longer than the model reads, BadBase for a model whose network
    says nothing that can be told.
    """
    if model.task.says == "vector":
        raise BadBase(f"{model.name} gives vectors and answers nothing. Ask it for embeddings.")
    if model.task.says == "language":
        raise BadBase(f"{model.name} finds hidden words and answers nothing.")
    for prompt in prompts:
        if len(prompt) > model.context:
            raise PromptTooLong(
                f"The prompt has {len(prompt)} tokens, but the model reads {model.context}. Shorten it."
            )
    found: list[Completion | None] = [None] * len(prompts)
    order = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
    for length, alike in groupby(order, key=lambda number: len(prompts[number])):  # so nothing is padded
        group, size = list(alike), max(1, tokens_per_batch // length)
        for start in range(0, len(group), size):
            some = group[start : start + size]
            scores = _scores(model, [list(prompts[number]) for number in some])
            for number, row in zip(some, scores, strict=True):
                text = _text(model, row, prompts[number])
                found[number] = Completion(text, length, finish_reason="stop")
    return [one for one in found if one is not None]


def _scores(model: Model, rows: list[list[int]]) -> Tensor:
    import torch

    network: Any = model.network
    inputs: dict[str, Any] = {"input_ids": torch.tensor(rows, device=network.device)}
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    if (parts := _second_parts(model, rows)) is not None:
        inputs["token_type_ids"] = torch.tensor(parts, device=network.device)
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            logits = network(**inputs).logits.float().cpu()
    finally:
        network.train(was_training)
    return logits if logits.dim() == 2 else logits[:, logits.shape[1] - len(rows[0]) :]  # prompts come first


def _second_parts(model: Model, rows: list[list[int]]) -> list[list[int]] | None:
    """Say which tokens belong to the second of two texts: those behind the first one's end."""
    kinds = model.network.config.to_dict().get("type_vocab_size") or 1
    if model.family != "encoder" or kinds < 2 or model.task.says == "tags":
        return None
    end = model.chat.stop_ids[0]
    firsts = [row.index(end) + 1 if end in row else len(row) for row in rows]
    return [
        [int(place >= first) for place in range(len(row))] for row, first in zip(rows, firsts, strict=True)
    ]


def _text(model: Model, scores: Tensor, prompt: Sequence[int]) -> str:
    if model.task.says != "tags":
        return model.task.text(scores.tolist())
    assert isinstance(prompt, WordIds), "a prompt of Model.prompt knows its words"
    return Tagged(
        prompt.words, tuple(model.task.text(scores[place].tolist()) for place in prompt.firsts)
    ).text()
