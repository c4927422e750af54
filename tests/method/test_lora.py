from dataclasses import replace
from pathlib import Path

import pytest
import torch

from trained_models import PROMPTS, build_tiny_gpt2, next_token_logits, train_two_steps
from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.errors import BadOption
from tunesmith.core.registry import Registry
from tunesmith.method.lora import LoRA
from tunesmith.model.load import load


@pytest.fixture
def tiny_gpt2(tmp_path: Path) -> Model:
    """Give a GPT-2, whose layers are transposed and whose embeddings are one matrix."""
    build_tiny_gpt2(tmp_path / "gpt2")
    return load("tiny-gpt2", tmp_path / "gpt2")


def tensors(model: Model) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.network.named_parameters()}


def test_nothing_changes_before_the_first_step(tiny_model: Model) -> None:
    before = next_token_logits(tiny_model.network, PROMPTS)
    assert (next_token_logits(LoRA().apply(tiny_model, 7).network, PROMPTS) == before).all()


def test_the_seed_alone_decides_also_beside_an_embedding(tiny_folder: Path) -> None:
    drawn: list[dict[str, torch.Tensor]] = []
    for other in (1, 2):
        torch.manual_seed(other)
        model = LoRA(targets=("q_proj", "embed_tokens")).apply(load("tiny", tiny_folder), 7)
        drawn.append({name: tensor for name, tensor in tensors(model).items() if "lora_" in name})
    assert any("embedding" in name for name in drawn[0])
    assert all(torch.equal(drawn[0][name], tensor) for name, tensor in drawn[1].items())


@pytest.mark.parametrize("targets", ["all-linear", ("q_proj", "down_proj")])
def test_only_the_adapter_is_trained(targets: str | tuple[str, ...], tiny_model: Model) -> None:
    model = LoRA(targets=targets).apply(tiny_model, 7)
    before = tensors(model)
    train_two_steps(model)
    changed = {name for name, tensor in tensors(model).items() if not torch.equal(tensor, before[name])}
    assert changed == {name for name in before if "lora_" in name}
    layers = {name.split(".lora_")[0].rsplit(".", 1)[-1] for name in changed}
    expected = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert layers == (expected if targets == "all-linear" else set(targets))


def test_the_seed_alone_decides_where_an_adapter_starts(tiny_folder: Path) -> None:
    def start(seed: int) -> dict[str, torch.Tensor]:
        torch.rand(seed)
        return tensors(LoRA().apply(load("tiny", tiny_folder), seed))

    one, again, other = start(1), start(1), start(2)
    assert all(torch.equal(one[name], again[name]) for name in one)
    drawn = [name for name in one if "lora_A" in name]
    assert len(drawn) == 14
    assert not any(torch.equal(one[name], other[name]) for name in drawn)


def test_what_is_random_afterwards_does_not_depend_on_the_adapter(tiny_model: Model) -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    LoRA().apply(tiny_model, 7)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("name", ["tiny_model", "tiny_gpt2"])
def test_merged_weights_answer_like_the_adapter(name: str, request: pytest.FixtureRequest) -> None:
    method = LoRA(rank=4)
    model = train_two_steps(method.apply(request.getfixturevalue(name), 7))
    expected = next_token_logits(model.network, PROMPTS)
    plain = type(model.network.get_base_model())  # type: ignore[operator]
    merged = method.merge(model).network
    assert type(merged) is plain
    assert (next_token_logits(merged, PROMPTS) - expected).abs().max() < 1e-5
    assert not [key for key in merged.state_dict() if "lora" in key]


def test_alpha_over_rank_scales_the_change(tiny_folder: Path) -> None:
    def change(alpha: float) -> torch.Tensor:
        model = LoRA(rank=4, alpha=alpha).apply(load("tiny", tiny_folder), 7)
        before = tensors(model)["base_model.model.model.layers.0.mlp.up_proj.base_layer.weight"]
        with torch.no_grad():
            for name, parameter in model.network.named_parameters():
                if "lora_B" in name:
                    parameter.fill_(0.01)
        return tensors(LoRA().merge(model))["model.layers.0.mlp.up_proj.weight"] - before

    assert torch.allclose(change(8.0), 2 * change(4.0), rtol=1e-3, atol=1e-6)


def test_a_target_that_the_base_lacks_is_refused_and_not_left_out(tiny_model: Model) -> None:
    with pytest.raises(BadOption, match=r"no layer called 'v_porj'\. Did you mean 'v_proj'\?"):
        LoRA(targets=("q_proj", "v_porj")).apply(tiny_model, 7)


def test_a_layer_that_cannot_be_adapted_is_refused(tiny_model: Model) -> None:
    with pytest.raises(BadOption, match=r"method\.lora\.targets: .*not supported"):
        LoRA(targets=("input_layernorm",)).apply(tiny_model, 7)


@pytest.mark.parametrize(
    "options", [{"rank": 0}, {"rank": 1025}, {"alpha": 0}, {"dropout": 1}, {"targets": 3}, {"rnak": 4}]
)
def test_options_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadOption, match=r"method\.lora"):
        Registry("method", Method).build("lora", options)


def test_options_survive_the_recipe() -> None:
    built = Registry("method", Method).build("lora", {"rank": 8, "targets": ["q_proj"]})
    assert built == replace(LoRA(), rank=8, targets=("q_proj",))
