from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.registry import Registry
from tunesmith.lifecycle.advise.footprint import Change, change_of
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA
from tunesmith.model.find import BUNDLED, find
from tunesmith.model.load import load_chat
from tunesmith.model.shape import Shape

METHODS = Registry("method", Method)
SHAPE = Shape(
    family="decoder",
    layers=3,
    width=64,
    inner=160,
    heads=4,
    kv_heads=2,
    head_width=16,
    vocabulary=4096,
    is_tied=True,
    is_gated=True,
)
OPTIONS: dict[str, dict[str, Any]] = {
    "freeze": {"layers": 2},
    "stack": {"methods": [{"name": "lora", "rank": 4}, {"name": "houlsby"}]},
}
NOT_TRIED = {
    "qlora": "needs a base in few bits",
    "features": "its head follows from the classes",
    "continued": "needs an adapter",
    "experts": "needs adapters",
}
NAMES = [name for name in METHODS.names() if name not in NOT_TRIED]


def llama() -> Model:
    from transformers import AutoConfig, AutoModelForCausalLM

    chat = load_chat(find(BUNDLED))
    config = AutoConfig.for_model(
        "llama",
        hidden_size=64,
        intermediate_size=160,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=chat.size,
        max_position_embeddings=256,
        tie_word_embeddings=True,
    )
    return Model("llama", Path(), AutoModelForCausalLM.from_config(config), chat, 256, "x", "y")


@pytest.mark.parametrize("name", NAMES)
def test_what_learns_is_what_the_method_makes_learn(name: str) -> None:
    method = METHODS.build(name, OPTIONS.get(name, {}))
    change = change_of(name, method, SHAPE)
    if change is None:
        pytest.skip(f"{name} is not known to the estimates")
    model = llama()
    if method.refuses(model.network):
        assert change.learns == 0
        return
    network = method.apply(model, seed=0).network
    learns = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    assert change.learns == pytest.approx(learns, rel=0.03)
    assert change.beside == (name not in ("full", "scratch", "freeze"))


def test_the_methods_that_are_compared_are_known() -> None:
    assert {"full", "lora"} <= set(NAMES)
    known = [name for name in NAMES if change_of(name, METHODS.build(name, OPTIONS.get(name, {})), SHAPE)]
    assert len(known) >= 4


def test_a_higher_rank_learns_more_and_keeps_more() -> None:
    small, large = (change_of("lora", LoRA(rank=rank), SHAPE) for rank in (8, 32))
    assert small is not None
    assert large is not None
    assert large.learns == 4 * small.learns
    assert (small.rank, large.rank) == (8, 32)


def test_experts_get_no_adapters_but_are_trained_in_full() -> None:
    experts = replace(SHAPE, experts=8, active_experts=2)
    (lora, many), (full, every) = (
        (change_of(name, method, SHAPE), change_of(name, method, experts))
        for name, method in (("lora", LoRA()), ("full", Full()))
    )
    assert lora is not None
    assert many is not None
    assert many.learns < lora.learns
    assert full is not None
    assert every is not None
    assert every.learns > 2 * full.learns


def test_an_unknown_method_is_not_judged() -> None:
    assert change_of("something_else", Full(), SHAPE) is None


def test_weights_that_are_named_by_patterns_are_not_judged() -> None:
    assert change_of("freeze", METHODS.build("freeze", {"layers": ["norm"]}), SHAPE) is None


def test_features_need_nothing_of_a_backward_pass() -> None:
    assert change_of("features", Full(), SHAPE) == Change(64, beside=True, layers=0)
