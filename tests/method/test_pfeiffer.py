from pathlib import Path
from typing import Any

import pytest
import torch

from method_trials import (
    FOUR,
    WIDTH,
    Folders,
    Trial,
    check_kept,
    check_seed,
    check_start,
    check_training,
    every,
    learning,
)
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.pfeiffer import Pfeiffer

CASES = FOUR


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(Pfeiffer(size=8, **options), folders[architecture], task)


@every(*CASES)
def test_nothing_changes_before_the_first_step(folders: Folders, architecture: str, task: Task) -> None:
    check_start(trial(folders, architecture, task))


@every(*CASES)
def test_what_is_declared_learns_and_nothing_else(folders: Folders, architecture: str, task: Task) -> None:
    check_training(trial(folders, architecture, task))


def test_the_seed_alone_decides_the_start(folders: Folders) -> None:
    check_seed(trial(folders, *CASES[0]), draws=True)


def test_it_does_not_merge_and_says_what_to_do(folders: Folders) -> None:
    model = trial(folders, *CASES[0]).start()
    assert not Pfeiffer.merges
    with pytest.raises(BadOption, match=r"method\.pfeiffer: .*export: adapter"):
        Pfeiffer(size=8).merge(model)


@every(*CASES)
def test_what_was_kept_answers_alike(folders: Folders, architecture: str, task: Task, tmp_path: Path) -> None:
    check_kept(trial(folders, architecture, task), tmp_path)


def test_small_layers_are_after_the_feed_forward_only(folders: Folders) -> None:
    names = learning(trial(folders, "bert", LANGUAGE).start())
    assert {name.split(".small.")[0] for name in names} == {
        "bert.encoder.layer.0.output.dense",
        "bert.encoder.layer.1.output.dense",
    }


def test_what_leaves_goes_through_the_small_layers_and_straight_on(folders: Folders) -> None:
    layer = trial(folders, "llama", LANGUAGE).start().network.get_submodule("model.layers.0.mlp.down_proj")
    torch.nn.init.normal_(layer.small.up_DR)
    x = torch.randn(2, 3, 2 * WIDTH)
    inner = torch.relu(layer.base(x) @ layer.small.down_RD.T + layer.small.down_R)
    assert torch.allclose(layer(x), layer.base(x) + inner @ layer.small.up_DR.T + layer.small.up_D, atol=1e-5)


def test_experts_without_linear_layers_are_refused_with_the_place(folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"layers\.0 has no feed-forward of its own"):
        trial(folders, "qwen3_moe", LANGUAGE).start()
