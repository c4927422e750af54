from pathlib import Path
from typing import Any

import pytest
import torch

from method_trials import FOUR, WIDTH, Folders, Trial, every, keep, near, outputs, plain_peft, train
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.pissa import PiSSA


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(PiSSA(rank=4, **options), folders[architecture], task)


@every(*FOUR)
def test_the_base_and_what_was_taken_out_answer_as_before(
    folders: Folders, architecture: str, task: Task
) -> None:
    tried = trial(folders, architecture, task, iterations=0)  # with more, it is as in tests/invariants
    assert near(outputs(tried.start()), outputs(tried.base()))


def test_what_learns_is_the_principal_part(folders: Folders) -> None:
    name = "model.layers.0.mlp.up_proj"
    weight = trial(folders, "llama", LANGUAGE).base().network.get_submodule(name).weight
    network = trial(folders, "llama", LANGUAGE).start().network
    layer = network.get_submodule(f"base_model.model.{name}")
    left = torch.linalg.svdvals(layer.get_base_layer().weight)
    assert torch.allclose(left[: WIDTH - 4], torch.linalg.svdvals(weight)[4:], atol=1e-5)


@every(*FOUR)
def test_it_is_settled_as_a_plain_lora_of_twice_the_rank_on_the_base_as_it_was(
    folders: Folders, architecture: str, task: Task, tmp_path: Path
) -> None:
    tried = trial(folders, architecture, task, ranks={"k_proj|key|c_fc|k": 2})
    model = tried.start()
    train(model, 2)
    expected = outputs(model)
    settled = tried.method.settle(model)
    assert near(outputs(settled), expected)
    assert settled.network.peft_config["default"].r == 8
    keep(settled, tried.method, tmp_path)
    assert near(outputs(plain_peft(tried, tmp_path)), expected)
    base = dict(tried.base().network.named_parameters())
    for name, tensor in settled.network.get_base_model().named_parameters():
        plain = name.replace(".base_layer", "")
        if plain in base and ".lora_" not in name:
            assert torch.allclose(tensor, base[plain], atol=1e-6), name


def test_more_values_than_a_weight_has_are_refused_with_their_number(folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"q_proj has only 64 singular values"):
        trial(folders, "llama", LANGUAGE, ranks={"v_proj": 100}).start()


def test_a_base_in_16_bits_is_refused_with_the_way_out(folders: Folders) -> None:
    model = trial(folders, "llama", LANGUAGE).base()
    model.network.bfloat16()
    with pytest.raises(BadOption, match=r"training\.storage: float32"):
        PiSSA().apply(model, 0)
