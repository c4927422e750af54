from pathlib import Path
from typing import Any

import pytest

from method_trials import (
    FOUR,
    WIDTH,
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
from tunesmith.method.ia3 import IA3

CASES = FOUR


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(IA3(**options), folders[architecture], task)


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


def test_the_layers_that_are_usual_for_the_base_are_scaled(folders: Folders) -> None:
    names = learning(trial(folders, "llama", LANGUAGE).start())
    assert {name.split(".")[-3] for name in names} == {"k_proj", "v_proj", "down_proj"}
    sizes = {name.split(".")[-3]: tensor.numel() for name, tensor in names.items()}
    assert sizes == {"k_proj": WIDTH // 2, "v_proj": WIDTH // 2, "down_proj": 2 * WIDTH}


def test_chosen_layers_are_scaled_where_they_give_and_where_they_read(folders: Folders) -> None:
    names = learning(trial(folders, "llama", LANGUAGE, outputs=("up_proj",), inputs=("o_proj",)).start())
    sizes = {name.split(".")[-3]: tensor.numel() for name, tensor in names.items()}
    assert sizes == {"up_proj": 2 * WIDTH, "o_proj": WIDTH}


def test_a_layer_that_is_not_there_is_refused_with_the_closest(folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"no linear layer called 'k_porj'\. Did you mean 'k_proj'\?"):
        trial(folders, "llama", LANGUAGE, outputs=("k_porj",)).start()


def test_an_architecture_nobody_knows_is_refused_with_its_layers(folders: Folders) -> None:
    network = trial(folders, "llama", LANGUAGE).base().network
    network.config.model_type = "unheard_of"
    assert "not known for unheard_of: name them in `outputs` and `inputs`" in IA3().refuses(network)
    assert "down_proj" in IA3().refuses(network)
    assert IA3(outputs=("v_proj",)).refuses(network) == ""
