import pytest

from method_trials import Folders, loaded
from tunesmith.core.task import LANGUAGE
from tunesmith.method import _low_rank
from tunesmith.method.lora import LoRA


def test_the_factor_that_starts_at_zero_is_known_by_its_name(folders: Folders) -> None:
    model = LoRA(rank=4, embeddings=True).apply(loaded(folders["llama"], LANGUAGE, 0), 1)
    for name, parameter in model.network.named_parameters():
        if "lora_" in name:
            assert _low_rank.is_second(name) == (not parameter.any()), name


def test_layers_beside_linear_ones_are_listed_and_not_those_beside_embeddings(folders: Folders) -> None:
    model = LoRA(rank=4, embeddings=True).apply(loaded(folders["llama"], LANGUAGE, 0), 1)
    assert len(list(_low_rank.layers(model.network))) == 14


def test_a_change_is_b_times_a_times_the_scale(folders: Folders) -> None:
    model = LoRA(rank=4, alpha=12.0).apply(loaded(folders["llama"], LANGUAGE, 0), 1)
    layer = next(_low_rank.layers(model.network))
    layer.lora_B["default"].weight.data.fill_(0.5)
    expected = 3.0 * layer.lora_B["default"].weight @ layer.lora_A["default"].weight
    assert (_low_rank.change_of(layer) - expected).abs().max() < 1e-6


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        (LoRA(), ""),
        (LoRA(targets=("embed_tokens", "lm_head", "q_proj")), ""),
        (LoRA(targets=("norm",)), "model.norm is no layer of the body"),
        (LoRA(targets=("mlp",)), "model.layers.0.mlp is no layer of the body"),
        (LoRA(ranks={"q_proj|k_proj": 2}), ""),
    ],
)
def test_a_reason_is_given_before_weights_are_there(folders: Folders, method: LoRA, reason: str) -> None:
    network = loaded(folders["llama"], LANGUAGE, 0).network.to("meta")
    found = method.refuses(network)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)
