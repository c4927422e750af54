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
)
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.parallel import Parallel

CASES = FOUR


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(Parallel(size=8, **options), folders[architecture], task)


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
    assert not Parallel.merges
    with pytest.raises(BadOption, match=r"method\.parallel: .*export: adapter"):
        Parallel(size=8).merge(model)


@every(*CASES)
def test_what_was_kept_answers_alike(folders: Folders, architecture: str, task: Task, tmp_path: Path) -> None:
    check_kept(trial(folders, architecture, task), tmp_path)


@pytest.mark.parametrize(("scale", "activation"), [(1.0, "relu"), (4.0, "gelu")])
def test_small_layers_read_what_the_feed_forward_reads_and_add_to_what_it_gives(
    folders: Folders, scale: float, activation: str
) -> None:
    tried = trial(folders, "llama", LANGUAGE, scale=scale, activation=activation)
    changed = tried.start().network.get_submodule("model.layers.0.mlp")
    plain = tried.base().network.get_submodule("model.layers.0.mlp")
    small = changed.down_proj.small
    torch.nn.init.normal_(small.up_DR)
    x = torch.randn(2, 3, WIDTH)
    inner = getattr(torch.nn.functional, activation)(x @ small.down_RD.T + small.down_R)
    assert torch.allclose(changed(x), plain(x) + scale * (inner @ small.up_DR.T), atol=1e-4)


def test_experts_without_linear_layers_are_refused_with_the_place(folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"layers\.0 has no feed-forward of its own"):
        trial(folders, "qwen3_moe", LANGUAGE).start()
