import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from method_trials import (
    CLASSES,
    METHODS,
    Folders,
    Trial,
    check_kept,
    learning,
    outputs,
    plain_peft,
)
from trained_models import PROMPTS, next_token_logits
from tunesmith.core.cards import Model
from tunesmith.core.errors import BadOption
from tunesmith.export.exporter.adapter import Adapter
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # peft asks by an old name
def test_plain_peft_loads_the_adapter_and_gives_the_same_logits(trained: Model, tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    expected = next_token_logits(trained.network, PROMPTS)
    Adapter().write(trained, LoRA(), tmp_path)
    plain = AutoModelForCausalLM.from_pretrained(trained.folder)
    untuned = next_token_logits(plain, PROMPTS)
    loaded = next_token_logits(PeftModel.from_pretrained(plain, str(tmp_path)).eval(), PROMPTS)
    assert (loaded - expected).abs().max() < 1e-5
    assert (untuned - expected).abs().max() > 1e-3


def test_writing_the_adapter_leaves_the_model_as_it_was(trained: Model, tmp_path: Path) -> None:
    before = next_token_logits(trained.network, PROMPTS)
    Adapter().write(trained, LoRA(), tmp_path)
    assert (next_token_logits(trained.network, PROMPTS) == before).all()


def test_an_adapter_names_its_base_and_lists_layers_in_a_fixed_order(trained: Model, tmp_path: Path) -> None:
    Adapter().write(trained, LoRA(), tmp_path)
    written = json.loads((tmp_path / "adapter_config.json").read_text(encoding="utf-8"))
    assert written["base_model_name_or_path"] == str(trained.folder)
    assert len(written["target_modules"]) >= 3
    assert written["target_modules"] == sorted(written["target_modules"])


def test_a_base_from_a_hub_is_named_by_its_id_and_exact_commit(trained: Model, tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    cached = tmp_path / "models--org--name" / "snapshots" / commit
    shutil.copytree(trained.folder, cached)
    out = tmp_path / "out"
    Adapter().write(replace(trained, name="org/name@main", folder=cached), LoRA(), out)
    written = json.loads((out / "adapter_config.json").read_text(encoding="utf-8"))
    assert (written["base_model_name_or_path"], written["revision"]) == ("org/name", commit)


def test_a_model_without_an_adapter_is_refused_with_the_way_out(tiny_model: Model, tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"Full changes the weights themselves.*export: merged"):
        Adapter().write(Full().apply(tiny_model, 0), Full(), tmp_path)


def test_a_weight_that_was_trained_beside_the_adapter_is_not_left_behind(
    tiny_model: Model, tmp_path: Path
) -> None:
    model = LoRA().apply(tiny_model, 0)
    model.network.get_parameter("base_model.model.model.norm.weight").requires_grad = True
    with pytest.raises(BadOption, match=r"leave behind base_model\.model\.model\.norm\.weight"):
        Adapter().write(model, LoRA(), tmp_path)


def test_resized_embeddings_are_not_left_behind(tiny_model: Model, tmp_path: Path) -> None:
    tiny_model.network.resize_token_embeddings(310, mean_resizing=False)
    with pytest.raises(BadOption, match="embeddings, which have another number of rows"):
        Adapter().write(LoRA().apply(tiny_model, 0), LoRA(), tmp_path)


PEFT: dict[str, dict[str, Any]] = {
    "lora": {"rank": 4, "embeddings": True},
    "dora": {"rank": 4},
    "vera": {"rank": 8},
    "oft": {"block": 8},
    "ia3": {},
    "layer_norm": {},
    "prompt": {"length": 3},
    "p_tuning": {"length": 3},
    "prefix": {"length": 3, "width": 8},
    "llama_adapter": {"length": 3, "layers": 2},
}


@pytest.mark.filterwarnings("ignore:Unsupported layer type:UserWarning")  # peft, of any norm
@pytest.mark.parametrize("name", PEFT)
def test_every_format_of_pefts_loads_in_plain_peft_and_here_with_the_same_logits(
    name: str, folders: Folders, tmp_path: Path
) -> None:
    tried = Trial(METHODS.build(name, PEFT[name]), folders["llama"])
    loaded = check_kept(tried, tmp_path)
    assert not (tmp_path / "changes.safetensors").exists()
    assert (outputs(plain_peft(tried, tmp_path)) - outputs(loaded)).abs().max() < 1e-5


@pytest.mark.filterwarnings("ignore:Unsupported layer type:UserWarning")  # peft, of any norm
@pytest.mark.parametrize("name", ["lora", "ia3", "layer_norm", "prompt", "prefix", "vera"])
def test_a_new_head_is_kept_with_every_format(name: str, folders: Folders, tmp_path: Path) -> None:
    tried = Trial(METHODS.build(name, PEFT[name]), folders["bert"], CLASSES)
    loaded = check_kept(tried, tmp_path)
    assert any("classifier" in name for name in load_file(tmp_path / "adapter_model.safetensors"))
    assert (outputs(plain_peft(tried, tmp_path)) - outputs(loaded)).abs().max() < 1e-5


def test_what_peft_has_no_format_for_is_written_by_name_without_the_base(
    folders: Folders, tmp_path: Path
) -> None:
    tried = Trial(METHODS.build("pfeiffer", {"size": 8}), folders["llama"])
    model = tried.trained()
    Adapter().write(model, tried.method, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["changes.safetensors"]
    kept, learned = load_file(tmp_path / "changes.safetensors"), learning(model)
    assert kept.keys() == learned.keys()
    assert all(torch.equal(tensor, kept[name]) for name, tensor in learned.items())


def test_a_stack_is_written_in_both_formats_and_nothing_twice(folders: Folders, tmp_path: Path) -> None:
    tried = Trial(METHODS.build("stack", {"methods": ["lora", "bitfit"]}), folders["gpt2"])
    Adapter().write(tried.trained(), tried.method, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {
        "adapter_config.json",
        "adapter_model.safetensors",
        "changes.safetensors",
    }
    assert all(name.endswith(".bias") for name in load_file(tmp_path / "changes.safetensors"))
    assert all(".lora_" in name for name in load_file(tmp_path / "adapter_model.safetensors"))
