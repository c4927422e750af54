from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from method_trials import (
    CLASSES,
    TAGS,
    WIDTH,
    Folders,
    Trial,
    check_kept,
    check_seed,
    check_training,
    every,
    keep,
)
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.p_tuning import PTuning

CASES = (("llama", LANGUAGE), ("gpt2", LANGUAGE), ("bert", CLASSES), ("t5", LANGUAGE), ("llama", TAGS))


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(PTuning(length=3, width=16, **options), folders[architecture], task)


@every(*CASES)
def test_what_is_declared_learns_and_nothing_else(folders: Folders, architecture: str, task: Task) -> None:
    check_training(trial(folders, architecture, task))


def test_the_seed_alone_decides_the_start(folders: Folders) -> None:
    check_seed(trial(folders, *CASES[0]), draws=True)


def test_it_does_not_merge_and_says_what_to_do(folders: Folders) -> None:
    model = trial(folders, *CASES[0]).start()
    assert not PTuning.merges
    with pytest.raises(BadOption, match=r"method\.p_tuning: .*export: adapter"):
        PTuning(length=3, width=16).merge(model)


@every(*CASES)
def test_what_was_kept_answers_alike(folders: Folders, architecture: str, task: Task, tmp_path: Path) -> None:
    check_kept(trial(folders, architecture, task), tmp_path)


def test_an_lstm_can_write_the_vectors(folders: Folders) -> None:
    names = check_training(trial(folders, "llama", LANGUAGE, encoder="lstm"))
    assert any("lstm" in name for name in names)


def test_only_the_vectors_are_kept(folders: Folders, tmp_path: Path) -> None:
    tried = trial(folders, "llama", LANGUAGE)
    keep(tried.trained(), tried.method, tmp_path)
    kept = load_file(tmp_path / "adapter_model.safetensors")
    assert {name: list(tensor.shape) for name, tensor in kept.items()} == {"prompt_embeddings": [3, WIDTH]}


def test_where_vectors_cannot_stand_it_is_refused(folders: Folders) -> None:
    with pytest.raises(BadOption, match="no vectors before the text of masked language models"):
        trial(folders, "bert", LANGUAGE).start()


def test_its_vectors_take_places_of_the_context(folders: Folders) -> None:
    tried = trial(folders, "llama", LANGUAGE)
    assert tried.start().context == tried.base().context - tried.method.room
    assert tried.method.room > 0
