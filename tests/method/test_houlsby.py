from pathlib import Path
from typing import Any

import pytest

from method_trials import (
    FOUR,
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
from tunesmith.method.houlsby import Houlsby

CASES = FOUR


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(Houlsby(size=8, **options), folders[architecture], task)


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
    assert not Houlsby.merges
    with pytest.raises(BadOption, match=r"method\.houlsby: .*export: adapter"):
        Houlsby(size=8).merge(model)


@every(*CASES)
def test_what_was_kept_answers_alike(folders: Folders, architecture: str, task: Task, tmp_path: Path) -> None:
    check_kept(trial(folders, architecture, task), tmp_path)


@pytest.mark.parametrize(
    ("architecture", "places"),
    [
        ("llama", {"self_attn.o_proj", "mlp.down_proj"}),
        ("gpt2", {"attn.c_proj", "mlp.c_proj"}),
        ("bert", {"attention.output.dense", "output.dense"}),
        ("t5", {"SelfAttention.o", "EncDecAttention.o", "DenseReluDense.wo"}),
    ],
)
def test_small_layers_are_where_attention_and_feed_forward_end(
    folders: Folders, architecture: str, places: set[str]
) -> None:
    names = learning(trial(folders, architecture, LANGUAGE, norms=False).start())
    owners = {name.split(".small.")[0] for name in names}
    ends = {end for end in places for owner in owners if owner.endswith(f".{end}")}
    assert ends == places
    assert len(owners) == (10 if architecture == "t5" else 4)
    assert len(names) == 4 * len(owners)


def test_norms_learn_as_in_the_paper_unless_told_otherwise(folders: Folders) -> None:
    more, fewer = (
        learning(trial(folders, "llama", LANGUAGE, norms=norms).start()) for norms in (True, False)
    )
    assert {name.rsplit(".", 2)[-2] for name in more.keys() - fewer.keys()} == {
        "input_layernorm",
        "post_attention_layernorm",
        "norm",
    }


def test_experts_without_linear_layers_are_refused_with_the_place(folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"layers\.0 has no feed-forward of its own"):
        trial(folders, "qwen3_moe", LANGUAGE).start()
