import pytest
from accelerate import init_empty_weights
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from method_trials import FOUR, Folders, Trial, every, loaded
from tiny_networks import ARCHITECTURES
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method import _bottleneck
from tunesmith.model.network import skeleton

WITHOUT = {"mixtral", "qwen3_moe", "gpt_oss", "xlstm"}
"""Architectures whose feed-forwards or attentions are not made of linear layers."""


@every(*FOUR)
def test_every_block_is_found_with_and_without_weights(
    folders: Folders, architecture: str, task: Task
) -> None:
    found = _bottleneck.blocks(loaded(folders[architecture], task, 0).network)
    assert found == _bottleneck.blocks(skeleton(folders[architecture], task))
    assert len(found) == (4 if architecture == "t5" else 2)
    assert [len(block.attentions) for block in found] == ([1, 1, 2, 2] if architecture == "t5" else [1, 1])


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES.keys() - WITHOUT))
def test_the_places_are_found_in_many_architectures(architecture: str) -> None:
    with init_empty_weights():
        network = AutoModelForCausalLM.from_config(
            AutoConfig.for_model(architecture, **ARCHITECTURES[architecture])
        )
    found = _bottleneck.blocks(network)
    assert len(found) == 2
    ends = {name.rsplit(".", 1)[-1] for block in found for name in (*block.attentions, block.last)}
    attention = {"o_proj", "dense", "c_proj", "out_proj"}
    forward = {"down_proj", "dense_4h_to_h", "fc2", "c_proj"}
    assert ends & attention
    assert ends & forward
    assert ends <= attention | forward


@pytest.mark.parametrize(
    ("architecture", "attention", "last"),
    [
        ("roberta", "attention.output.dense", "output.dense"),
        ("deberta-v2", "attention.output.dense", "output.dense"),
        ("modernbert", "attn.Wo", "mlp.Wo"),
        ("distilbert", "attention.out_lin", "ffn.lin2"),
    ],
)
def test_the_places_are_found_in_encoders(architecture: str, attention: str, last: str) -> None:
    names = {"distilbert": {"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4}}
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    with init_empty_weights():
        network = AutoModel.from_config(AutoConfig.for_model(architecture, **names.get(architecture, shape)))
    found = _bottleneck.blocks(network)
    assert len(found) == 2
    assert all(block.attentions[0].endswith(attention) for block in found)
    assert all(block.last.endswith(last) and "att" not in block.last for block in found)


@pytest.mark.parametrize("architecture", sorted(WITHOUT))
def test_what_has_no_such_places_is_refused_with_the_reason(architecture: str) -> None:
    with init_empty_weights():
        network = AutoModelForCausalLM.from_config(
            AutoConfig.for_model(architecture, **ARCHITECTURES[architecture])
        )
    assert _bottleneck.refuses(network).startswith("Where bottlenecks belong is not known: ")
    with pytest.raises(LookupError):
        _bottleneck.blocks(network)


@pytest.mark.parametrize("name", ["houlsby", "parallel", "pfeiffer"])
def test_experts_without_linear_layers_are_refused_with_the_place(name: str, folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"layers\.0 has no feed-forward of its own"):
        Trial.of(name, folders["qwen3_moe"], LANGUAGE).start()


def test_a_block_that_is_narrower_than_the_network_is_refused(folders: Folders) -> None:
    network = loaded(folders["llama"], LANGUAGE, 0).network
    network.config.hidden_size = 32
    assert "has 64 outputs and not 32" in _bottleneck.refuses(network)
