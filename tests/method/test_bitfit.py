from pathlib import Path
from typing import Any

import pytest

from method_trials import (
    CLASSES,
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
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.bitfit import BitFit

CASES = (("gpt2", LANGUAGE), ("bert", CLASSES), ("bert", LANGUAGE))


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(BitFit(**options), folders[architecture], task)


@every(*CASES)
def test_nothing_changes_before_the_first_step(folders: Folders, architecture: str, task: Task) -> None:
    check_start(trial(folders, architecture, task))


@every(*CASES)
def test_what_is_declared_learns_and_nothing_else(folders: Folders, architecture: str, task: Task) -> None:
    check_training(trial(folders, architecture, task))


def test_nothing_is_random(folders: Folders) -> None:
    check_seed(trial(folders, *CASES[0]), draws=False)


@every(*CASES)
def test_merged_weights_answer_alike(folders: Folders, architecture: str, task: Task) -> None:
    check_merge(trial(folders, architecture, task))


@every(*CASES)
def test_what_was_kept_answers_alike(folders: Folders, architecture: str, task: Task, tmp_path: Path) -> None:
    check_kept(trial(folders, architecture, task), tmp_path)


def test_all_biases_learn_and_a_new_head(folders: Folders) -> None:
    model = trial(folders, "bert", CLASSES).start()
    names = set(dict(model.network.named_parameters()))
    biases = {name for name in names if name.endswith(".bias")}
    assert set(learning(model)) == biases | {"classifier.weight", "bert.pooler.dense.weight"}
    assert len(biases) == 19


@pytest.mark.parametrize("architecture", ["llama", "t5"])
def test_a_base_without_biases_is_refused(folders: Folders, architecture: str) -> None:
    with pytest.raises(BadOption, match=r"method\.bitfit: .*no biases\. Try `method: layer_norm`"):
        trial(folders, architecture, CLASSES).start()
