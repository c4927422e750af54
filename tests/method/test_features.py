from pathlib import Path

import pytest
import torch

from tiny_readers import TASKS, reader_of
from tunesmith.method.features import Features
from tunesmith.model.load import load

TASK = TASKS["classes"]


def test_only_the_new_head_learns_and_the_body_is_as_it_was(bert_folder: Path) -> None:
    model = load("bert", bert_folder, task=TASK)
    body = {name: p.clone() for name, p in model.network.base_model.named_parameters()}
    found = Features().apply(model, 7)
    learning = {name for name, p in found.network.named_parameters() if p.requires_grad}
    assert learning == {"head.1.weight", "head.1.bias"}
    after = dict(found.network.base_model.named_parameters())
    assert all(torch.equal(after[name], p) for name, p in body.items())
    assert found.task.pools == "mean"


def test_the_seed_alone_decides_on_the_head(bert_folder: Path) -> None:
    heads = []
    for before, seed in ((1, 7), (2, 7), (1, 8)):
        torch.manual_seed(before)
        heads.append(Features(hidden=5).apply(load("bert", bert_folder, task=TASK), seed).network.head)
    assert torch.equal(heads[0][1].weight, heads[1][1].weight)
    assert not torch.equal(heads[0][1].weight, heads[2][1].weight)
    assert [tuple(p.shape) for p in heads[0].parameters()] == [(5, 32), (5,), (3, 5), (3,)]


@pytest.mark.parametrize(
    ("architecture", "task", "reason"),
    [
        ("bert", "language", "Features are for objectives that tell classes"),
        ("bert", "tags", "Features are for objectives that tell classes"),
        ("t5", "classes", "A base that reads one text to write another"),
        ("bert", "number", ""),
        ("llama", "classes", ""),
    ],
)
def test_networks_that_tell_nothing_of_a_text_are_refused(architecture: str, task: str, reason: str) -> None:
    assert Features().refuses(reader_of(architecture, TASKS[task])).startswith(reason)
