from pathlib import Path
from typing import Any

from method_trials import (
    CLASSES,
    FOUR,
    Folders,
    Trial,
    check_kept,
    check_merge,
    check_seed,
    check_start,
    check_training,
    every,
    learning,
)
from tunesmith.core.task import Task
from tunesmith.method.lora_plus import LoRAPlus

CASES = FOUR


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(LoRAPlus(rank=4, **options), folders[architecture], task)


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


def test_b_learns_faster_than_all_else_by_the_ratio(folders: Folders) -> None:
    method = LoRAPlus(rank=4, embeddings=True, ratio=5.0)
    names = learning(Trial(method, folders["bert"], CLASSES).start())
    paces = {name: method.pace(name) for name in names}
    fast = {name for name, pace in paces.items() if pace == 5.0}
    starts = learning(Trial(method, folders["bert"], CLASSES).start())
    assert fast == {name for name, tensor in starts.items() if "lora_" in name and not tensor.any()}
    assert {pace for name, pace in paces.items() if name not in fast} == {1.0}
    assert any("classifier" in name for name in paces.keys() - fast)
