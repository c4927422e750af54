from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForSequenceClassification, T5ForConditionalGeneration

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
    outputs,
)
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.prefix import Prefix

CASES = (("llama", LANGUAGE), ("gpt2", LANGUAGE), ("bert", CLASSES), ("t5", LANGUAGE), ("llama", CLASSES))


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(Prefix(length=3, **options), folders[architecture], task)


@every(*CASES)
def test_what_is_declared_learns_and_nothing_else(folders: Folders, architecture: str, task: Task) -> None:
    check_training(trial(folders, architecture, task))


def test_the_seed_alone_decides_the_start(folders: Folders) -> None:
    check_seed(trial(folders, *CASES[0]), draws=True)


def test_it_does_not_merge_and_says_what_to_do(folders: Folders) -> None:
    model = trial(folders, *CASES[0]).start()
    assert not Prefix.merges
    with pytest.raises(BadOption, match=r"method\.prefix: .*export: adapter"):
        Prefix(length=3).merge(model)


@every(*CASES)
def test_what_was_kept_answers_alike(folders: Folders, architecture: str, task: Task, tmp_path: Path) -> None:
    check_kept(trial(folders, architecture, task), tmp_path)


def test_a_network_that_writes_the_prefix_is_not_kept(folders: Folders, tmp_path: Path) -> None:
    tried = trial(folders, "llama", LANGUAGE, width=8)
    assert len(check_training(tried)) == 5
    check_kept(tried, tmp_path)
    kept = load_file(tmp_path / "adapter_model.safetensors")
    assert {name: list(tensor.shape) for name, tensor in kept.items()} == {
        "prompt_embeddings": [3, 2 * WIDTH]
    }


def test_heads_that_are_together_narrower_than_the_network_are_no_hindrance(folders: Folders) -> None:
    tried = trial(folders, "t5", LANGUAGE)
    config = AutoConfig.from_pretrained(folders["t5"], d_kv=8, num_layers=1, num_decoder_layers=2)
    model = replace(tried.base(), network=T5ForConditionalGeneration(config).eval())
    changed = tried.method.apply(model, 1)
    assert outputs(changed).shape == outputs(model).shape


@pytest.mark.parametrize(
    ("architecture", "task", "reason"),
    [
        ("bert", LANGUAGE, "no prefix for masked language models"),
        ("t5", CLASSES, "no prefix for it but as a language model"),
        ("t5", TAGS, "no prefix for it but as a language model"),
    ],
)
def test_where_there_is_no_cache_to_fill_it_is_refused(
    folders: Folders, architecture: str, task: Task, reason: str
) -> None:
    with pytest.raises(BadOption, match=reason):
        trial(folders, architecture, task).start()


def test_an_architecture_without_a_cache_is_refused() -> None:
    network = AutoModelForSequenceClassification.from_config(
        AutoConfig.for_model("modernbert", hidden_size=32, num_hidden_layers=2, num_attention_heads=4)
    )
    assert "modernbert takes no keys and values from outside" in Prefix().refuses(network)


def test_a_base_in_16_bits_is_refused_with_the_way_out(folders: Folders) -> None:
    model = trial(folders, "llama", LANGUAGE).base()
    model.network.bfloat16()
    with pytest.raises(BadOption, match=r"training\.storage: float32"):
        Prefix().apply(model, 0)


def test_its_vectors_take_places_of_the_context(folders: Folders) -> None:
    tried = trial(folders, "llama", LANGUAGE)
    assert tried.start().context == tried.base().context - tried.method.room
    assert tried.method.room > 0
