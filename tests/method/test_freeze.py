from dataclasses import replace

import pytest

from tiny_networks import network_of
from tunesmith.core.cards import Model
from tunesmith.core.errors import BadOption
from tunesmith.method.freeze import Freeze


def learning(model: Model) -> set[str]:
    return {name for name, p in model.network.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "gpt_neox"])
def test_the_top_layers_and_what_comes_after_them_learn(tiny_model: Model, architecture: str) -> None:
    model = Freeze(layers=1).apply(replace(tiny_model, network=network_of(architecture)), seed=0)
    names = [name for name, _ in model.network.named_parameters()]
    top = [place for place, name in enumerate(names) if ".1." in name]
    assert learning(model) == set(names[top[0] :])
    assert len(learning(model)) < len(names)


def test_an_untied_head_learns_and_a_tied_one_stays_with_the_embedding(tiny_model: Model) -> None:
    untied = replace(tiny_model, network=network_of("llama", tie_word_embeddings=False))
    assert "lm_head.weight" in learning(Freeze(layers=0).apply(untied, seed=0))
    tied = replace(tiny_model, network=network_of("llama", tie_word_embeddings=True))
    assert learning(Freeze(layers=0).apply(tied, seed=0)) == {"model.norm.weight"}


def test_more_layers_than_there_are_is_an_error_that_says_how_many_there_are(tiny_model: Model) -> None:
    with pytest.raises(BadOption, match=r"method\.freeze\.layers: tiny has 2 layers, not 3"):
        Freeze(layers=3).apply(replace(tiny_model, name="tiny", network=network_of("llama")), seed=0)


def test_merging_gives_the_same_network_back(tiny_model: Model) -> None:
    model = Freeze(layers=1).apply(tiny_model, seed=0)
    assert Freeze(layers=1).merge(model) is model
