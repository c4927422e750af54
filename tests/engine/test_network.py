import sys

import pytest

from tiny_networks import STRETCHED, network_of
from tunesmith.core.cards import Model
from tunesmith.engine.network import frozen_depth, inner, layers_of, stretched_beyond
from tunesmith.method.lora import LoRA


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "opt", "gpt_neox", "bloom", "falcon", "mixtral"])
def test_the_layers_of_any_architecture_are_found_from_the_bottom_up(architecture: str) -> None:
    network = network_of(architecture)
    names = {id(module): name for name, module in network.named_modules()}
    found = [names[id(layer)].rsplit(".", 1)[-1] for layer in layers_of(network)]
    assert found == [str(number) for number in range(network.config.get_text_config().num_hidden_layers)]


def test_below_peft_is_the_network_itself(tiny_model: Model) -> None:
    network = tiny_model.network
    assert inner(network) is network
    wrapped = LoRA(rank=2).apply(tiny_model, seed=0).network
    assert wrapped is not network
    assert inner(wrapped) is network


def test_the_length_from_which_positions_are_stretched_is_read_from_the_configuration() -> None:
    assert stretched_beyond(network_of("llama")) == stretched_beyond(network_of("gpt2")) == sys.maxsize
    assert stretched_beyond(network_of("phi3", **STRETCHED)) == 30
    by_kind = {"sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0}}
    config = {"full_attention": STRETCHED["rope_parameters"], **by_kind}
    network = network_of("llama")
    network.config.rope_parameters = config
    assert stretched_beyond(network) == 30


def test_nothing_is_frozen_where_all_learns() -> None:
    assert frozen_depth(network_of("llama")) == 0


@pytest.mark.parametrize("top", [0, 1, 2])
def test_layers_are_counted_up_to_the_first_that_learns(top: int) -> None:
    network = network_of("llama")
    network.requires_grad_(False)
    layers = layers_of(network)
    for layer in layers[len(layers) - top :]:
        layer.requires_grad_(True)
    assert frozen_depth(network) == len(layers) - top


def test_an_embedding_that_learns_leaves_nothing_frozen_and_a_last_norm_does_not_matter() -> None:
    network = network_of("llama")
    network.requires_grad_(False)
    network.base_model.norm.requires_grad_(True)  # type: ignore[operator,union-attr]
    assert frozen_depth(network) == len(layers_of(network))
    network.get_input_embeddings().requires_grad_(True)
    assert frozen_depth(network) == 0
