from dataclasses import replace
from pathlib import Path
from typing import Any

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
from tunesmith.core.task import Task
from tunesmith.method import _low_rank
from tunesmith.method.rslora import RankStabilisedLoRA

CASES = FOUR


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(RankStabilisedLoRA(rank=4, **options), folders[architecture], task)


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


def test_the_scale_is_alpha_over_the_root_of_the_rank_and_stays_where_ranks_differ(folders: Folders) -> None:
    method = RankStabilisedLoRA(rank=16, alpha=8.0, ranks={"v_proj": 4})
    found = _low_rank.layers(Trial(method, folders["llama"]).start().network)
    scales = {layer.scaling["default"] for layer in found}
    assert scales == {2.0}
    other = Trial(replace(method, alphas={"v_proj": 2.0}), folders["llama"]).start()
    assert {layer.scaling["default"] for layer in _low_rank.layers(other.network)} == {1.0, 2.0}
