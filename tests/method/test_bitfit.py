from pathlib import Path
from typing import Any

import pytest

from method_trials import CLASSES, Folders, Trial, check_kept, check_merge, check_training, learning
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.bitfit import BitFit


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(BitFit(**options), folders[architecture], task)


def test_a_network_that_finds_hidden_words_learns_its_biases_too(folders: Folders, tmp_path: Path) -> None:
    tried = trial(folders, "bert", LANGUAGE)
    assert "cls.predictions.bias" in check_training(tried)
    check_merge(tried)
    check_kept(tried, tmp_path)


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
