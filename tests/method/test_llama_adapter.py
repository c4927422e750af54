from pathlib import Path
from typing import Any

import pytest

from method_trials import (
    CLASSES,
    Folders,
    Trial,
    check_kept,
    check_seed,
    check_start,
    check_training,
    every,
    learning,
)
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.llama_adapter import LlamaAdapter

CASES = (("llama", LANGUAGE), ("gpt2", LANGUAGE))


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(LlamaAdapter(length=3, layers=2, **options), folders[architecture], task)


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
    assert not LlamaAdapter.merges
    with pytest.raises(BadOption, match=r"method\.llama_adapter: .*export: adapter"):
        LlamaAdapter(length=3, layers=2).merge(model)


@every(*CASES)
def test_what_was_kept_answers_alike(folders: Folders, architecture: str, task: Task, tmp_path: Path) -> None:
    check_kept(trial(folders, architecture, task), tmp_path)


def test_prompts_and_gates_of_the_top_layers_learn(folders: Folders) -> None:
    names = learning(Trial(LlamaAdapter(length=3, layers=1), folders["llama"]).start())
    assert {name.split("layers.")[1] for name in names} == {
        "1.self_attn.adaption_prompt",
        "1.self_attn.adaption_gate",
    }


def test_as_many_layers_learn_as_are_asked_for(folders: Folders) -> None:
    counts = [len(learning(Trial(LlamaAdapter(layers=n), folders["llama"]).start())) for n in (1, 2, None)]
    assert counts == [2, 4, 2]  # of two layers, all but the lowest two would be none


@pytest.mark.parametrize(
    ("architecture", "task", "reason"),
    [
        ("bert", LANGUAGE, "its gates for llama, mistral, gpt2, and not for bert"),
        ("llama", CLASSES, "trains no new head"),
    ],
)
def test_what_peft_has_no_gates_for_is_refused(
    folders: Folders, architecture: str, task: Task, reason: str
) -> None:
    with pytest.raises(BadOption, match=reason):
        trial(folders, architecture, task).start()


def test_more_layers_than_there_are_are_refused(folders: Folders) -> None:
    with pytest.raises(BadOption, match="It has 2 layers, not 3"):
        Trial(LlamaAdapter(layers=3), folders["llama"]).start()


def test_a_base_in_16_bits_is_refused_with_the_way_out(folders: Folders) -> None:
    model = trial(folders, "llama", LANGUAGE).base()
    model.network.bfloat16()
    with pytest.raises(BadOption, match=r"training\.storage: float32"):
        LlamaAdapter().apply(model, 0)
