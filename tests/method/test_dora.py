from pathlib import Path
from typing import Any

import torch

from method_trials import (
    FOUR,
    Folders,
    Trial,
    check_kept,
    check_merge,
    check_seed,
    check_start,
    check_training,
    every,
)
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.dora import DoRA

CASES = FOUR


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(DoRA(rank=4, **options), folders[architecture], task)


@every(*CASES)
def test_nothing_changes_before_the_first_step(folders: Folders, architecture: str, task: Task) -> None:
    check_start(trial(folders, architecture, task))


@every(*CASES)
def test_what_is_declared_learns_and_nothing_else(folders: Folders, architecture: str, task: Task) -> None:
    check_training(trial(folders, architecture, task))


def test_the_seed_alone_decides_the_start(folders: Folders) -> None:
    check_seed(trial(folders, *CASES[0]), draws=True)


@every(*CASES)
def test_merged_weights_answer_alike(folders: Folders, architecture: str, task: Task) -> None:
    check_merge(trial(folders, architecture, task))


@every(*CASES)
def test_what_was_kept_answers_alike(folders: Folders, architecture: str, task: Task, tmp_path: Path) -> None:
    check_kept(trial(folders, architecture, task), tmp_path)


def test_lengths_start_as_those_of_the_weights(folders: Folders) -> None:
    network = trial(folders, "llama", LANGUAGE).start().network
    layer = network.get_submodule("base_model.model.model.layers.0.mlp.up_proj")
    lengths = layer.lora_magnitude_vector["default"].weight
    assert torch.allclose(lengths, layer.get_base_layer().weight.norm(dim=1))
