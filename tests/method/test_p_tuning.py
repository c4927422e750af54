from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from method_trials import TAGS, WIDTH, Folders, Trial, check_kept, check_training, keep
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.p_tuning import PTuning


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(PTuning(length=3, width=16, **options), folders[architecture], task)


def test_an_lstm_can_write_the_vectors(folders: Folders) -> None:
    names = check_training(trial(folders, "llama", LANGUAGE, encoder="lstm"))
    assert any("lstm" in name for name in names)


def test_only_the_vectors_are_kept_also_beside_a_new_head(folders: Folders, tmp_path: Path) -> None:
    check_kept(trial(folders, "llama", TAGS), tmp_path / "tags")
    tried = trial(folders, "llama", LANGUAGE)
    keep(tried.trained(), tried.method, tmp_path)
    kept = load_file(tmp_path / "adapter_model.safetensors")
    assert {name: list(tensor.shape) for name, tensor in kept.items()} == {"prompt_embeddings": [3, WIDTH]}


def test_where_vectors_cannot_stand_it_is_refused(folders: Folders) -> None:
    with pytest.raises(BadOption, match="no vectors before the text of masked language models"):
        trial(folders, "bert", LANGUAGE).start()
