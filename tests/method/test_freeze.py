from dataclasses import replace
from pathlib import Path

import pytest
import torch

from method_trials import CLASSES, FOUR, METHODS, Folders, Trial, check_kept, check_training, every
from method_trials import learning as learned
from tiny_networks import network_of
from tunesmith.core.cards import Model
from tunesmith.core.errors import BadOption
from tunesmith.core.task import Task
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
    with pytest.raises(BadOption, match=r"method\.freeze\.layers: tiny .*It has 2 layers, not 3"):
        Freeze(layers=3).apply(replace(tiny_model, name="tiny", network=network_of("llama")), seed=0)


@every(*FOUR, ("llama", CLASSES), ("t5", CLASSES))
def test_weights_of_every_family_are_chosen_by_patterns_and_kept(
    folders: Folders, architecture: str, task: Task, tmp_path: Path
) -> None:
    tried = Trial(Freeze(layers=("norm|ln_|LayerNorm",)), folders[architecture], task)
    names = check_training(tried)
    assert any(name.endswith("orm.weight") or ".ln_" in name for name in names)
    check_kept(tried, tmp_path)


def test_both_stacks_of_a_network_have_a_top(folders: Folders) -> None:
    names = learned(Trial(Freeze(layers=1), folders["t5"]).start())
    layers = {name.split(".layer.")[0] for name in names if ".layer." in name}
    assert layers == {"encoder.block.1", "decoder.block.1"}


def test_weights_are_chosen_by_patterns_and_a_new_head_learns(folders: Folders) -> None:
    model = Trial(Freeze(layers=(r"layers\.0\.mlp", "q_proj")), folders["llama"], CLASSES).start()
    found = {name.removeprefix("model.layers.") for name in learned(model)}
    mlp = {f"0.mlp.{name}.weight" for name in ("gate_proj", "up_proj", "down_proj")}
    assert found == mlp | {"0.self_attn.q_proj.weight", "1.self_attn.q_proj.weight", "score.weight"}


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        (("nrom",), r"No weight's name fits 'nrom'\. Did you mean 'norm'\?"),
        (("(",), r"The pattern '\(' cannot be read"),
        ((), "name some weights"),
    ],
)
def test_patterns_that_fit_nothing_are_refused(
    folders: Folders, layers: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(BadOption, match=reason):
        Trial(Freeze(layers=layers), folders["llama"]).start()


def test_what_learns_is_widened_and_the_rest_stays_in_16_bits(folders: Folders) -> None:
    model = Trial(Freeze(layers=1), folders["llama"]).base()
    model.network.bfloat16()
    network = Freeze(layers=1).apply(model, 0).network
    kinds = {(each.requires_grad, each.dtype) for each in network.parameters()}
    assert kinds == {(True, torch.float32), (False, torch.bfloat16)}


def test_options_survive_the_recipe() -> None:
    for layers in (2, ["norm", "bias"]):
        built = METHODS.build("freeze", {"layers": layers})
        assert built == Freeze(layers=layers if isinstance(layers, int) else tuple(layers))
    with pytest.raises(BadOption, match=r"freeze\.layers"):
        METHODS.build("freeze", {"layers": -1})
