from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine_parts import encoded, random_rows
from tiny_networks import ARCHITECTURES, network_of, with_adapter
from tunesmith.core.errors import BadOption
from tunesmith.engine.fit import fit
from tunesmith.memory._states import Place, asked, listening, of_row

IDS = torch.randint(3, 300, (2, 9), generator=torch.Generator().manual_seed(0))
FEED_FORWARD = {
    "llama": "model.layers.1.mlp",
    "gpt2": "transformer.h.1.mlp",
    "gpt_neo": "transformer.h.1.mlp",
    "gpt_neox": "gpt_neox.layers.1.mlp",
    "mixtral": "model.layers.1.mlp",
    "gemma3_text": "model.layers.1.mlp",
    "bloom": "transformer.h.1.mlp",
}


def heard(network: Any, place: Place) -> Tensor:
    with torch.no_grad(), listening(network, place) as heard:
        network(input_ids=IDS)
    return heard.states


@pytest.mark.parametrize("architecture", [name for name in ARCHITECTURES if name != "xlstm"])
def test_the_output_is_the_last_hidden_state(architecture: str) -> None:
    network = network_of(architecture)
    with torch.no_grad():
        expected = network(input_ids=IDS, output_hidden_states=True).hidden_states[-1]
    assert torch.equal(heard(network, "output"), expected)


@pytest.mark.parametrize("architecture", FEED_FORWARD)
def test_the_state_is_what_enters_the_last_feed_forward_layer(architecture: str) -> None:
    network = network_of(architecture)
    entered: list[Tensor] = []

    def note(_: nn.Module, given: tuple[Any, ...]) -> None:
        entered.append(given[0])

    network.get_submodule(FEED_FORWARD[architecture]).register_forward_pre_hook(note)
    assert torch.equal(heard(network, "feed_forward"), entered[0])
    assert entered[0].shape == (2, 9, 32)


def test_of_layers_within_each_other_the_outermost_counts() -> None:
    network = network_of("llama")
    expected = heard(network, "feed_forward")
    network.model.layers[1].mlp.ffn = nn.Linear(2, 2)  # type: ignore[union-attr,index]  # a Llama has layers
    assert torch.equal(heard(network, "feed_forward"), expected)


def test_an_adapter_s_change_is_heard() -> None:
    network = with_adapter(network_of("llama"))
    plain = network_of("llama")
    for place in ("feed_forward", "output"):
        assert (heard(network, place) - heard(plain, place)).abs().max() > 1e-3


def test_a_network_is_as_it_was_afterwards() -> None:
    network = network_of("llama")
    heard(network, "output")
    heard(network, "feed_forward")
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_a_network_without_a_known_layer_is_refused() -> None:
    network = network_of("llama")
    for layer in network.model.layers:  # type: ignore[union-attr]  # a Llama has layers
        layer.strange, layer.mlp = layer.mlp, nn.Identity()
        del layer.mlp
    with (
        pytest.raises(BadOption, match=r"LlamaForCausalLM has no layer .* Set state: output"),
        listening(network, "feed_forward"),
    ):
        pass


@pytest.mark.parametrize("place", ["feed_forward", "output"])
def test_a_row_s_states_are_those_before_its_wanted_tokens(place: Place) -> None:
    row = encoded([5, 6, 7, 8, 9], [0, 0, 1, 0, 2])
    network = network_of("llama")
    with fit(network) as forward:
        states, tokens = of_row(forward, row, place)
    with torch.no_grad(), listening(network, place) as whole:
        network(input_ids=torch.tensor([list(row.ids)]))
    assert tokens.tolist() == [7, 9]
    assert torch.allclose(states, whole.states[0, [1, 3]], atol=1e-5)


def test_a_row_of_which_nothing_is_wanted_has_no_states() -> None:
    with fit(network_of("llama")) as forward:
        states, tokens = of_row(forward, encoded([5, 6, 7], [0, 0, 0]), "output")
    assert (len(states), len(tokens)) == (0, 0)


@pytest.mark.parametrize("architecture", ["llama", "gpt_neo"])
def test_states_of_a_pass_are_in_the_order_in_which_tokens_are_asked_for(architecture: str) -> None:
    rows = random_rows(8)
    rows += [encoded(row.ids, row.weights, "again") for row in rows[:2]]  # what is alike is computed once
    network = network_of(architecture)
    with fit(network) as forward:
        (batch,) = forward.passes(rows, 10_000)
        with torch.no_grad(), listening(network, "output") as heard:
            forward.logprobs(batch)
        found = asked(heard, batch).split(batch.counts)
        for number, states in zip(batch.numbers, found, strict=True):
            assert torch.allclose(states, of_row(forward, rows[number], "output")[0], atol=1e-4)
