import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

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
    assert len(written["target_modules"]) > 4
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
