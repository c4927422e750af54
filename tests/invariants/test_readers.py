"""Whatever reads rows, and whatever it says of them: levers change no log-probability and no gradient."""

import random
from array import array
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from tiny_readers import READERS, TASKS, WORDS, reader_of
from tunesmith.core.cards import Encoded
from tunesmith.engine.fit import fit
from tunesmith.engine.forward import FAST, PLAIN
from tunesmith.engine.rows import Reading

NO_SUCH = {("bart", "tags"): "transformers has no such network"}
PADDED = {"deberta-v2", "t5", "bart"}
"""Their attention has code of its own, or they read two texts."""
CASES = [
    (architecture, task) for architecture in READERS for task in TASKS if (architecture, task) not in NO_SUCH
]


def rows_for(architecture: str, task: str, count: int = 9) -> list[Encoded]:
    """Give rows of several lengths, some of two texts, with weights of more than one kind."""
    draw = random.Random(3)
    return [_row(draw, architecture, task, number) for number in range(count)]


def _row(draw: random.Random, architecture: str, task: str, number: int) -> Encoded:
    family = READERS[architecture][0]
    length = draw.randint(4, 30)
    ids = array("i", [draw.randrange(4, WORDS) for _ in range(length)])
    weights = array("f", [0.0] + [draw.choice([0.0, 1.0, 0.5]) for _ in ids[1:]])
    weights[2] = 1.0
    key = f"row {number}"
    second = draw.choice([0, 3]) if architecture == "bert" else 0
    if task == "language" and family != "encoder":
        source = [draw.randrange(4, WORDS) for _ in range(draw.randint(2, 20))] + [2]
        return Encoded(ids, weights, key, source=array("i", source if family != "decoder" else []))
    if task in ("language", "tags"):
        most = WORDS if task == "language" else 3
        return Encoded(
            ids, weights, key, targets=array("d", [draw.randrange(most) for _ in ids]), second=second
        )
    if family == "encoder-decoder":
        ids[-1] = 2  # the network looks for the token that ends a text
    wanted = {"classes": [draw.randrange(3)], "several": [draw.randrange(2) for _ in range(3)]}
    targets = array("d", wanted.get(task, [draw.gauss(0, 1)]))
    worth = array("f", [draw.choice([1.0, 0.5]), *([0.0] * (length - 1))])
    return Encoded(ids, worth, key, targets=targets, second=second)


def alone(network: PreTrainedModel, row: Encoded, architecture: str, task: str) -> Tensor:
    """Give a row's weighted cost as transformers computes it: the oracle; nothing of Tunesmith's is used."""
    ids = torch.tensor([list(row.ids)])
    if row.source:
        logits = network(input_ids=torch.tensor([list(row.source)]), decoder_input_ids=ids).logits[0]
    else:
        parts = {"token_type_ids": (torch.arange(len(row)) >= row.second)[None].long()} if row.second else {}
        logits = network(input_ids=ids, **parts).logits[0]
    weights = torch.tensor(list(row.weights))
    if task == "number":
        return weights[0] * (logits[0] - row.targets[0]) ** 2 / 2
    if task == "several":
        targets = torch.tensor(list(row.targets), dtype=torch.float32)
        return weights[0] * functional.binary_cross_entropy_with_logits(logits, targets, reduction="sum")
    if task == "classes":
        return weights[0] * functional.cross_entropy(logits, torch.tensor(int(row.targets[0])))
    if task == "language" and READERS[architecture][0] != "encoder":
        costs = functional.cross_entropy(logits[:-1], ids[0, 1:], reduction="none")
        return (weights[1:] * costs).sum()
    targets = torch.tensor([int(target) for target in row.targets])
    return (weights * functional.cross_entropy(logits, targets, reduction="none")).sum()


def gradients(network: PreTrainedModel) -> dict[str, Tensor]:
    found = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    network.zero_grad(set_to_none=True)
    return found


def distance(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> float:
    whole = float(torch.stack([each.norm() for each in wanted.values()]).norm())
    assert {name for name, each in wanted.items() if each.norm() > 1e-5 * whole} <= found.keys()
    return max(
        float((found[name] - each).norm()) / max(float(each.norm()), whole / 100)
        for name, each in wanted.items()
        if name in found
    )


@pytest.mark.parametrize(("architecture", "task"), CASES)
def test_rows_together_cost_what_each_costs_alone(architecture: str, task: str) -> None:
    network, rows = reader_of(architecture, TASKS[task]), rows_for(architecture, task)
    costs = [alone(network, row, architecture, task) for row in rows]
    torch.stack(costs).sum().backward()
    wanted = gradients(network)
    reading = Reading(READERS[architecture][0], TASKS[task])
    for levers in (FAST, PLAIN):
        with fit(network, levers, reading=reading) as forward:
            found = [0.0] * len(rows)
            for batch in forward.passes(rows, 60):
                costs_of_batch = -forward.logprobs(batch) * batch.weights_C
                costs_of_batch.sum().backward()
                for number, part in zip(batch.numbers, costs_of_batch.split(batch.counts), strict=True):
                    found[number] += float(part.detach().sum())
            if levers is FAST and architecture not in PADDED:
                assert _is_packed(architecture, task) == (forward.levers.packing != "padded")
        assert found == pytest.approx([float(cost.detach()) for cost in costs], abs=2e-4)
        assert distance(gradients(network), wanted) < 1e-3


def _is_packed(architecture: str, task: str) -> bool:
    return architecture != "albert" or task in ("language", "tags")


def test_a_row_that_sees_its_neighbour_is_noticed() -> None:
    """The control: packed rows that attend to each other fail what the test above demands."""
    network, rows = reader_of("bert", TASKS["classes"]), rows_for("bert", "classes")
    with fit(network, reading=Reading("encoder", TASKS["classes"])) as forward:
        (batch,) = forward.passes(rows, 10**6)
        assert batch.layout is not None
        right = forward.logprobs(batch)
        object.__setattr__(batch.layout, "segments", (_one(batch.layout.segments),))
        vars(batch.layout).pop("folds")
        assert (forward.logprobs(batch) - right).abs().max() > 1e-2


def _one(segments: Sequence) -> object:
    from tunesmith.engine.forest import Segment

    return Segment(0, max(segment.end for segment in segments))
