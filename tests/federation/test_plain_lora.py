import json
from pathlib import Path

import pytest
import torch

from trained_models import PROMPTS, next_token_logits, train_two_steps
from tunesmith.core.cards import Model
from tunesmith.core.errors import BadRecipe, DamagedFile
from tunesmith.federation.plain_lora import put, read
from tunesmith.method.lora import LoRA
from tunesmith.model.load import load


@pytest.fixture
def tuned(tiny_model: Model) -> Model:
    return train_two_steps(LoRA(rank=4, alpha=12.0).apply(tiny_model, 7))


@pytest.fixture
def folder(tuned: Model, tmp_path: Path) -> Path:
    """Give an adapter as peft itself writes it."""
    tuned.network.save_pretrained(str(tmp_path), save_embedding_layers=False)
    return tmp_path


def test_an_adapter_that_is_read_and_put_back_answers_the_same(tuned: Model, folder: Path, tiny_folder: Path):
    plain = read(folder)
    assert (plain.rank, plain.scale, len(plain.tensors)) == (4, 3.0, 28)
    other = LoRA(rank=4, alpha=12.0).apply(load("tiny", tiny_folder), 8)
    assert not torch.equal(
        next_token_logits(other.network, PROMPTS), next_token_logits(tuned.network, PROMPTS)
    )
    put(plain.tensors, other.network)
    assert torch.equal(next_token_logits(other.network, PROMPTS), next_token_logits(tuned.network, PROMPTS))


@pytest.mark.parametrize(
    ("option", "value"),
    [("use_dora", True), ("use_rslora", True), ("bias", "all"), ("alpha_pattern", {"q_proj": 3})],
)
def test_what_would_change_how_the_factors_are_applied_is_refused(option: str, value: object, folder: Path):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), option: value}))
    with pytest.raises(BadRecipe, match=f"more than plain LoRA.*{option}"):
        read(folder)


def test_another_family_of_adapters_is_refused(tmp_path: Path):
    from peft import IA3Config

    IA3Config(task_type="CAUSAL_LM").save_pretrained(str(tmp_path))
    with pytest.raises(BadRecipe, match="only plain LoRA can be averaged"):
        read(tmp_path)


def test_tensors_that_do_not_fit_are_refused_and_not_passed_over(folder: Path, tiny_folder: Path):
    plain = read(folder)
    network = LoRA(rank=4).apply(load("tiny", tiny_folder), 8).network
    name = next(iter(plain.tensors))
    with pytest.raises(DamagedFile, match="do not fit the base"):
        put({**plain.tensors, "model.other.lora_A.weight": torch.ones(1)}, network)
    with pytest.raises(DamagedFile, match="other shapes"):
        put({**plain.tensors, name: plain.tensors[name][:2]}, network)
