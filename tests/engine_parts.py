"""Rows and short runs for the tests of the engine; no tokenizer is needed, nor torch to import it."""

import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tunesmith.core.cards import Encoded, Model, Plan, Step
from tunesmith.core.recipe import Training

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter
    from transformers import PreTrainedModel

VOCABULARY = 300


def encoded(ids: Sequence[int], weights: Sequence[float], key: str = "row") -> Encoded:
    return Encoded(array("i", ids), array("f", weights), key)


def random_rows(count: int, seed: int = 0, longest: int = 40) -> list[Encoded]:
    """Give rows of 4 to `longest` ids: masked prompt, answer with a hole, sometimes a masked end."""
    draw = random.Random(seed)
    rows: list[Encoded] = []
    for number in range(count):
        length = draw.randint(4, longest)
        prompt, end = draw.randint(1, length - 2), draw.choice((0, 0, 1))
        weights = [float(prompt <= place < length - end) for place in range(length)]
        if length - end - prompt > 4:
            weights[prompt + 2] = 0.0
        rows.append(
            encoded([draw.randrange(VOCABULARY) for _ in range(length)], weights, f"data.jsonl:{number + 1}")
        )
    return rows


def branching_rows() -> list[Encoded]:
    """Give rows on which every lever has something to do.

    Shared beginnings at two levels, a row that is the beginning of others, the same row twice, rows of one
    length, holes and fractions in the weights, a single wanted token, and a row of more than 100 tokens.
    """
    draw = random.Random(1)

    def some(count: int) -> list[int]:
        return [draw.randrange(3, VOCABULARY) for _ in range(count)]

    def row(ids: list[int], prompt: int, worth: Sequence[float] = (1.0,)) -> Encoded:
        return encoded(ids, [worth[n % len(worth)] if n >= prompt else 0.0 for n in range(len(ids))])

    first = some(35)
    second = first + some(34)
    rows = [
        row(first + some(7), 35),
        row(first + some(9), 30, (1.0, 2.0)),  # some of what is shared is wanted, too
        row(second + some(5), 72),
        row(second + some(8), 50, (1.0, 0.0)),
        row(second, 40),
        row(second, 40),
        *(
            row(some(23), prompt, worth)
            for prompt, worth in ((1, (1.0,)), (5, (0.25, 0.5)), (9, (3.0, 0.0, 0.0)))
        ),
        row(some(110), 3, (1.0, 1.0, 0.0)),
        encoded(some(30), [float(place == 17) for place in range(30)]),
        row([5, 6], 1),
    ]
    return [replace(each, key=f"data.jsonl:{number}") for number, each in enumerate(rows, 1)]


def plans_of(rows: Sequence[Encoded], rows_per_step: int) -> list[Plan]:
    """Give one plan per `rows_per_step` rows, in order; the last may be smaller."""
    starts = range(0, len(rows), rows_per_step)
    return [
        Plan(step, 1, tuple(rows[start : start + rows_per_step]))
        for step, start in enumerate(starts, start=1)
    ]


def constant(learning_rate: float = 1e-3, clip_norm: float | None = 1.0) -> Training:
    """Give the plainest training: one rate, no warm-up, no decay."""
    return Training(learning_rate=learning_rate, schedule="constant", warmup=0.0, clip_norm=clip_norm)


def trainable(model: Model) -> "dict[str, Parameter]":
    return trainable_of(model.network)


def trainable_of(network: "PreTrainedModel") -> "dict[str, Parameter]":
    return {name: p for name, p in network.named_parameters() if p.requires_grad}


def take(
    model: Model, plans: Sequence[Plan], training: Training, tokens_per_pass: int = 128
) -> Iterator[Step]:
    """Train with supervised fine-tuning on every plan."""
    from tunesmith.engine.fit import fit
    from tunesmith.engine.loop import Budget, train
    from tunesmith.engine.update import Updater
    from tunesmith.objective.sft import SFT

    updater = Updater(trainable(model), training, len(plans))
    with fit(model.network) as forward:
        yield from train(forward, SFT(), plans, updater, Budget(tokens_per_pass))


def snapshot(model: Model) -> "dict[str, Tensor]":
    """Copy every parameter, trainable or not."""
    return {name: parameter.detach().clone() for name, parameter in model.network.named_parameters()}


def in_float64(model: Model) -> Model:
    return replace(model, network=model.network.double())


def naive_logprobs(network: "PreTrainedModel", row: Encoded) -> "list[Tensor]":
    """Give the log-probability of each wanted token of one row: alone, all logits, plain log-softmax."""
    import torch

    with torch.no_grad():
        logits = network(input_ids=torch.tensor([list(row.ids)]), use_cache=False).logits[0]
    scores = logits.double().log_softmax(-1)
    return [scores[place - 1, row.ids[place]] for place, weight in enumerate(row.weights) if weight]
