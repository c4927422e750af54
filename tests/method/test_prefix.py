from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForSequenceClassification, T5ForConditionalGeneration

from method_trials import CLASSES, TAGS, WIDTH, Folders, Trial, check_kept, check_training, outputs
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.prefix import Prefix


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(Prefix(length=3, **options), folders[architecture], task)


def test_a_new_head_learns_beside_the_prefix_and_both_are_kept(folders: Folders, tmp_path: Path) -> None:
    tried = trial(folders, "llama", CLASSES)
    assert len(check_training(tried)) == 2
    check_kept(tried, tmp_path)


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
