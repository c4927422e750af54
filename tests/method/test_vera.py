from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from method_trials import (
    FOUR,
    Folders,
    Trial,
    check_kept,
    check_merge,
    check_start,
    check_training,
    every,
    keep,
    learning,
)
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.vera import VeRA

CASES = FOUR


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(VeRA(rank=8, **options), folders[architecture], task)


@every(*CASES)
def test_nothing_changes_before_the_first_step(folders: Folders, architecture: str, task: Task) -> None:
    check_start(trial(folders, architecture, task))


@every(*CASES)
def test_what_is_declared_learns_and_nothing_else(folders: Folders, architecture: str, task: Task) -> None:
    check_training(trial(folders, architecture, task))


@every(*CASES)
def test_merged_weights_answer_alike(folders: Folders, architecture: str, task: Task) -> None:
    check_merge(trial(folders, architecture, task))


@every(*CASES)
def test_what_was_kept_answers_alike(folders: Folders, architecture: str, task: Task, tmp_path: Path) -> None:
    check_kept(trial(folders, architecture, task), tmp_path)


def test_the_seed_decides_the_random_matrices_and_they_are_kept(folders: Folders, tmp_path: Path) -> None:
    tried = trial(folders, "llama", LANGUAGE)
    one, again, other = (tried.start(seed).network.base_model.vera_A["default"].clone() for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    keep(tried.start(1), tried.method, tmp_path)
    assert torch.equal(load_file(tmp_path / "adapter_model.safetensors")["base_model.vera_A"], one)


def test_two_vectors_per_layer_learn(folders: Folders) -> None:
    names = learning(trial(folders, "gpt2", LANGUAGE).start())
    assert len(names) == 16
    assert {name.split(".")[-2] for name in names} == {"vera_lambda_b", "vera_lambda_d"}
