import sys
from pathlib import Path

import pytest
import torch

from tunesmith.core.errors import MissingExtra
from tunesmith.core.task import Task
from tunesmith.model.load import load
from tunesmith.model.network import load_network


@pytest.fixture
def wide_folder(tmp_path: Path) -> Path:
    """Give a random Llama whose layers are wide enough for blocks of 64 numbers."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from tiny_models import build_tiny_tokenizer

    build_tiny_tokenizer(tmp_path)
    config = LlamaConfig(
        vocab_size=300, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4
    )
    torch.manual_seed(1)
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("storage", "kind", "most"), [("nf4", "Linear4bit", 0.35), ("int8", "Linear8bitLt", 0.03)]
)
def test_layers_of_the_body_are_held_in_few_bits_and_say_nearly_the_same(
    storage: str, kind: str, most: float, wide_folder: Path
) -> None:
    ids = torch.tensor([[1, 7, 20, 33]])
    with torch.no_grad():
        wanted = load_network(wide_folder)(input_ids=ids).logits
        network = load("wide", wide_folder, storage=storage).network  # type: ignore[arg-type]  # one of its words
        found = network(input_ids=ids).logits
    kinds = {name.rsplit(".", 1)[-1]: type(layer).__name__ for name, layer in network.named_modules()}
    assert kinds["q_proj"] == kinds["down_proj"] == kind
    assert kinds["lm_head"] == "Linear"
    assert 0 < float((found - wanted).abs().max() / wanted.abs().max()) < most
    assert not network.training


def test_what_is_new_beside_the_body_is_held_exactly(wide_folder: Path) -> None:
    network = load_network(wide_folder, Task("classes", ("a", "b")), storage="nf4")
    assert type(network.score) is torch.nn.Linear
    assert network.score.weight.dtype is torch.float32


def test_without_the_library_it_is_said_what_to_install(
    wide_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(MissingExtra, match=r"tunesmith\[quantised\]"):
        load_network(wide_folder, storage="nf4")
