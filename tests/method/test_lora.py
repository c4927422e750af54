from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft.tuners.lora import LoraLayer

from method_trials import (
    CLASSES,
    TAGS,
    VECTOR,
    Folders,
    Trial,
    check_kept,
    check_merge,
    check_start,
    check_training,
    every,
    learning,
    near,
    outputs,
    plain_peft,
)
from trained_models import train_two_steps
from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.errors import BadOption
from tunesmith.core.registry import Registry
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.lora import LoRA
from tunesmith.model.load import load


def tensors(model: Model) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.network.named_parameters()}


def test_the_seed_alone_decides_also_beside_an_embedding(tiny_folder: Path) -> None:
    drawn: list[dict[str, torch.Tensor]] = []
    for other in (1, 2):
        torch.manual_seed(other)
        model = LoRA(targets=("q_proj", "embed_tokens")).apply(load("tiny", tiny_folder), 7)
        drawn.append({name: tensor for name, tensor in tensors(model).items() if "lora_" in name})
    assert any("embedding" in name for name in drawn[0])
    assert all(torch.equal(drawn[0][name], tensor) for name, tensor in drawn[1].items())


@pytest.mark.parametrize("targets", ["all-linear", ("q_proj", "down_proj")])
def test_only_the_adapter_is_trained(targets: str | tuple[str, ...], tiny_model: Model) -> None:
    model = LoRA(targets=targets).apply(tiny_model, 7)
    before = tensors(model)
    train_two_steps(model)
    changed = {name for name, tensor in tensors(model).items() if not torch.equal(tensor, before[name])}
    assert changed == {name for name in before if "lora_" in name}
    layers = {name.split(".lora_")[0].rsplit(".", 1)[-1] for name in changed}
    expected = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert layers == (expected if targets == "all-linear" else set(targets))


def test_alpha_over_rank_scales_the_change(tiny_folder: Path) -> None:
    def change(alpha: float) -> torch.Tensor:
        model = LoRA(rank=4, alpha=alpha).apply(load("tiny", tiny_folder), 7)
        before = tensors(model)["base_model.model.model.layers.0.mlp.up_proj.base_layer.weight"]
        with torch.no_grad():
            for name, parameter in model.network.named_parameters():
                if "lora_B" in name:
                    parameter.fill_(0.01)
        return tensors(LoRA().merge(model))["model.layers.0.mlp.up_proj.weight"] - before

    assert torch.allclose(change(8.0), 2 * change(4.0), rtol=1e-3, atol=1e-6)


def test_a_target_that_the_base_lacks_is_refused_and_not_left_out(tiny_model: Model) -> None:
    with pytest.raises(BadOption, match=r"no layer called 'v_porj'\. Did you mean 'v_proj'\?"):
        LoRA(targets=("q_proj", "v_porj")).apply(tiny_model, 7)


def test_a_layer_that_cannot_be_adapted_is_refused(tiny_model: Model) -> None:
    with pytest.raises(
        BadOption, match=r"method\.lora: .*layers\.0\.input_layernorm is no layer .*multiplies"
    ):
        LoRA(targets=("input_layernorm",)).apply(tiny_model, 7)


@pytest.mark.parametrize(
    "options", [{"rank": 0}, {"rank": 1025}, {"alpha": 0}, {"dropout": 1}, {"targets": 3}, {"rnak": 4}]
)
def test_options_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadOption, match=r"method\.lora"):
        Registry("method", Method).build("lora", options)


def test_options_survive_the_recipe() -> None:
    built = Registry("method", Method).build("lora", {"rank": 8, "targets": ["q_proj"]})
    assert built == replace(LoRA(), rank=8, targets=("q_proj",))


OTHERS = (("gpt2", CLASSES), ("t5", TAGS), ("t5", CLASSES), ("bert", VECTOR), ("bert", LANGUAGE))


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(LoRA(rank=4, **options), folders[architecture], task)


@every(*OTHERS)
def test_whatever_a_network_says_a_new_head_learns_and_no_other(
    folders: Folders, architecture: str, task: Task, tmp_path: Path
) -> None:
    tried = trial(folders, architecture, task)
    check_start(tried)
    heads = {name for name in check_training(tried) if "lora_" not in name}
    assert bool(heads) == (task in (CLASSES, TAGS))
    assert all(".modules_to_save." in name for name in heads)
    check_merge(tried)
    kept = check_kept(tried, tmp_path)
    assert near(outputs(plain_peft(tried, tmp_path)), outputs(kept))


def test_ranks_by_name_keep_the_scale_and_alphas_change_it(folders: Folders) -> None:
    method = LoRA(rank=8, alpha=16.0, ranks={"v_proj": 2, r"layers\.1\.mlp\..*": 4}, alphas={"v_proj": 6.0})
    network = Trial(method, folders["llama"]).start().network
    found = {
        name.split("model.layers.")[1]: (layer.r["default"], layer.scaling["default"])
        for name, layer in network.named_modules()
        if isinstance(layer, LoraLayer)
    }
    assert found["0.self_attn.q_proj"] == (8, 2.0)
    assert found["0.self_attn.v_proj"] == found["1.self_attn.v_proj"] == (2, 3.0)
    assert found["0.mlp.up_proj"] == (8, 2.0)
    assert found["1.mlp.up_proj"] == found["1.mlp.down_proj"] == (4, 2.0)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"ranks": {"v_porj": 4}}, r"No layer's name ends like 'v_porj'\. Did you mean 'v_proj'\?"),
        ({"alphas": {"v_(": 4.0}}, r"The pattern 'v_\(' cannot be read"),
        ({"parameters": ("experts.up",)}, r"no weight called 'experts\.up'"),
        ({"parameters": ("q_proj.weight",), "dropout": 0.1}, r"take no dropout: write `dropout: 0`"),
    ],
)
def test_what_peft_would_leave_out_is_refused(folders: Folders, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadOption, match=reason):
        trial(folders, "llama", LANGUAGE, **options).start()


def test_experts_learn_although_they_are_no_layers(folders: Folders, tmp_path: Path) -> None:
    tried = trial(folders, "qwen3_moe", LANGUAGE, parameters=("experts.gate_up_proj", "experts.down_proj"))
    check_start(tried)
    names = check_training(tried)
    assert len([name for name in names if ".experts." in name]) == 8
    check_merge(tried)
    check_kept(tried, tmp_path)


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "bert"])
def test_embeddings_that_learn_leave_the_output_as_it_is_also_where_it_shares_their_matrix(
    folders: Folders, architecture: str, tmp_path: Path
) -> None:
    tried = trial(folders, architecture, LANGUAGE, embeddings=True)
    check_start(tried)
    assert len([name for name in check_training(tried) if "lora_embedding" in name]) == 2
    check_kept(tried, tmp_path / "kept")
    expected = outputs(tried.trained())
    merged = check_merge(tried)
    merged.network.save_pretrained(tmp_path / "merged")
    again = type(merged.network).from_pretrained(tmp_path / "merged").eval()
    assert (outputs(replace(merged, network=again)) - expected).abs().max() < 1e-4


def test_an_output_that_learns_leaves_the_embeddings_as_they_are(folders: Folders) -> None:
    check_merge(trial(folders, "gpt2", LANGUAGE, targets=("lm_head", "c_attn")))


def test_embeddings_of_a_network_of_two_stacks_are_refused(folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"share their embeddings: write `embeddings: false`"):
        trial(folders, "t5", LANGUAGE, embeddings=True).start()


def test_a_pooling_layer_that_nothing_reads_is_left_alone(folders: Folders) -> None:
    assert not [name for name in learning(trial(folders, "bert", VECTOR).start()) if "pooler" in name]
