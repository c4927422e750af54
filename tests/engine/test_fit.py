import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from engine_parts import branching_rows
from tiny_networks import (
    ARCHITECTURES,
    OWN_LOGITS,
    PADDED,
    STRETCHED,
    at_once,
    network_of,
    one_at_a_time,
    with_adapter,
)
from tunesmith.engine.fit import fit, pulled
from tunesmith.engine.forward import FAST, PLAIN, Levers

ROWS = branching_rows()
DROPOUT = {
    "gpt2": {"attn_pdrop": 0.1},  # a layer
    "opt": {"dropout": 0.1},  # a function that reads the configuration
    "llama": {"attention_dropout": 0.1},  # an argument of attention
}


@pytest.mark.parametrize("adapter", [False, True], ids=["full", "lora"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_levers_are_those_that_the_architecture_takes(architecture: str, adapter: bool) -> None:
    network = network_of(architecture)
    with fit(with_adapter(network) if adapter else network) as forward:
        found, refused = forward.levers, forward.refused
    packing = "padded" if architecture in PADDED else "forest"
    assert (found.packing, found.own_head) == (packing, architecture not in OWN_LOGITS)
    assert found.grouped
    names = ["flat", "forest"] if architecture in PADDED else []
    names += ["own head"] if architecture in OWN_LOGITS else []
    assert sorted(reason.split(": ")[0] for reason in refused) == names


def test_attention_sinks_are_refused_by_name() -> None:
    with fit(network_of("gpt_oss")) as forward:
        assert all("s_aux" in reason for reason in forward.refused)
        assert len(forward.refused) == 2


def test_a_network_whose_attention_cannot_be_replaced_is_not_asked_to_in_vain(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    with fit(network_of("falcon")), fit(network_of("gpt_neo")):
        pass
    assert caplog.messages == []


@pytest.mark.parametrize("wanted", [PLAIN, Levers("flat", False, False), Levers("padded", True, False), FAST])
def test_no_lever_is_pulled_that_was_not_wanted(wanted: Levers) -> None:
    with fit(network_of("llama"), wanted) as forward:
        assert (forward.levers, forward.refused) == (wanted, ())


def test_what_was_not_wanted_is_not_refused_either() -> None:
    with fit(network_of("bloom"), Levers("flat", own_head=False, grouped=False)) as forward:
        (reason,) = forward.refused
    assert reason.startswith("flat: ")


def test_a_lever_that_is_off_leaves_the_network_alone() -> None:
    network = with_adapter(network_of("llama"))
    before = dict(everything(network))
    with pulled(network, PLAIN):
        assert dict(everything(network)) == before
    with pulled(network, Levers("padded", own_head=True, grouped=False)):
        assert dict(everything(network)) == before
    with pulled(network, Levers("padded")):
        assert dict(everything(network)) != before


def test_one_lever_that_does_not_fit_leaves_the_others() -> None:
    network = network_of("llama")
    network.lm_head = nn.Sequential(network.lm_head, nn.Hardtanh(-1, 1))
    network.lm_head.weight = network.lm_head[0].weight  # type: ignore[assignment,union-attr]  # so that it can be read
    rows = one_at_a_time(network, ROWS)
    with fit(network) as forward:
        assert forward.levers == Levers("forest", own_head=False)
        (reason,) = forward.refused
        assert at_once(forward, ROWS, 100).distance(rows) < 1e-5
    assert reason.startswith("own head: ")


@pytest.mark.parametrize("compute", [torch.float32, torch.bfloat16])
def test_a_small_mistake_is_seen_whatever_products_are_computed_in(compute: torch.dtype) -> None:
    network = network_of("llama")
    network.config.logit_scale = 1.01  # the head believes it, the network does not
    with fit(network, compute=compute) as forward:
        assert forward.levers == Levers("forest", own_head=False)


def test_what_is_not_a_number_fits_nothing() -> None:
    network = network_of("llama")
    with torch.no_grad():
        network.get_input_embeddings().weight.fill_(torch.nan)  # type: ignore[operator]  # a matrix
    with fit(network, Levers(grouped=False)) as forward:
        assert forward.levers == PLAIN
        assert [reason.split(": ")[0] for reason in forward.refused] == ["own head", "flat", "forest"]


@pytest.mark.parametrize("architecture", DROPOUT)
def test_rows_do_not_share_a_beginning_where_dropout_would_draw_for_it_once(architecture: str) -> None:
    with fit(network_of(architecture, **DROPOUT[architecture])) as forward:
        assert forward.levers == Levers("flat")
        assert forward.refused == ("forest: rows with one beginning would share what dropout draws",)
    with fit(with_adapter(network_of(architecture), lora_dropout=0.1)) as forward:
        assert forward.levers.packing == "flat"


@pytest.mark.parametrize("levers", [FAST, PLAIN], ids=["fast", "plain"])
@pytest.mark.parametrize("architecture", DROPOUT)
def test_dropout_is_drawn_anew_for_every_pass_while_training(architecture: str, levers: Levers) -> None:
    network = network_of(architecture, **DROPOUT[architecture]).train()
    with fit(network, levers) as forward:
        first, second = (at_once(forward, ROWS, 10_000) for _ in range(2))
        assert first.distance(second) > 0.01
        network.eval()
        first, second = (at_once(forward, ROWS, 10_000) for _ in range(2))
        assert first.distance(second) == 0


LONG_WINDOWS: dict[str, dict[str, Any]] = {
    "mistral": {"sliding_window": 60},  # tells its attention
    "qwen2_moe": {  # tells only its mask
        **ARCHITECTURES["qwen3_moe"],
        "shared_expert_intermediate_size": 16,
        "use_sliding_window": True,
        "sliding_window": 60,
        "layer_types": ["sliding_attention"] * 2,
    },
    "llama4_text": {  # chunks
        **ARCHITECTURES["llama"],
        "attention_chunk_size": 60,
        "head_dim": 8,
        "num_local_experts": 2,
        "intermediate_size_mlp": 32,
        "no_rope_layers": [1, 1],
    },
}


@pytest.mark.parametrize("architecture", LONG_WINDOWS)
def test_a_window_longer_than_the_rows_that_are_tried_is_kept_all_the_same(architecture: str) -> None:
    network = network_of(architecture, **LONG_WINDOWS[architecture])
    alone = one_at_a_time(network, ROWS)
    with fit(network) as forward:
        assert at_once(forward, ROWS, 200).distance(alone) < 1e-5
    assert max(len(row) for row in ROWS) > 60


@pytest.mark.parametrize("levers", [FAST, PLAIN], ids=["fast", "plain"])
def test_a_row_keeps_its_rotary_frequencies_beside_one_that_needs_others(levers: Levers) -> None:
    network = network_of("phi3", **STRETCHED)
    whole = [row for row in ROWS if row.weights[-1]]  # behind the last wanted token nothing is read
    assert {len(row) > 31 for row in whole} == {True, False}
    alone = one_at_a_time(network, whole)
    with fit(network, levers) as forward:
        assert forward.levers == levers
        assert at_once(forward, whole, 10_000).distance(alone) < 1e-5


def test_a_pass_may_hold_more_tokens_than_the_network_has_positions() -> None:
    for architecture in ("gpt2", "opt", "gpt_neo"):
        network = network_of(architecture)
        alone = one_at_a_time(network, ROWS)
        with fit(network) as forward:
            assert sum(batch.ids_BT.numel() for batch in forward.passes(ROWS, 10_000)) > 128
            assert at_once(forward, ROWS, 10_000).distance(alone) < 1e-5


def test_an_adapter_beside_the_head_learns() -> None:
    fresh = {"target_modules": ["lm_head", "q_proj"]}
    network = with_adapter(network_of("llama", tie_word_embeddings=False), **fresh)
    for name, parameter in network.named_parameters():
        if "lora_B" in name:
            nn.init.zeros_(parameter)  # as at the beginning, when it changes no number
    alone = one_at_a_time(network, ROWS)
    with fit(network) as forward:
        found = at_once(forward, ROWS, 100)
    assert any("lm_head" in name for name in alone.gradients)
    assert found.gradient_distance(alone) < 1e-4


def test_a_head_that_scales_in_place_learns_through_groups() -> None:
    network = with_adapter(network_of("olmo", **ARCHITECTURES["llama"], clip_qkv=0.5))
    alone = one_at_a_time(network, ROWS)
    with fit(network) as forward:
        assert forward.levers == FAST
        found = at_once(forward, ROWS, 100)
    assert found.distance(alone) < 1e-5
    assert found.gradient_distance(alone) < 1e-4


def test_a_context_too_short_to_try_levers_is_no_obstacle() -> None:
    network = network_of("gpt2", n_positions=24)
    short = [row for row in ROWS if len(row) <= 24]
    alone = one_at_a_time(network, short)
    with fit(network) as forward:
        assert at_once(forward, short, 30).distance(alone) < 1e-5


def everything(network: PreTrainedModel) -> Iterator[tuple[str, Any]]:
    """Give all that a fit could have left behind."""
    yield "attention", network.config._attn_implementation
    for name, module in network.named_modules():
        yield f"{name} training", module.training
        yield f"{name} attributes", sorted(vars(module))
        yield f"{name} hooks", len(module._forward_pre_hooks) + len(module._forward_hooks)
    for name, parameter in network.named_parameters():
        yield f"{name} gradient", parameter.grad
        yield f"{name} learns", parameter.requires_grad
        yield f"{name} value", parameter.detach().numpy().tobytes()
    yield "random state", torch.get_rng_state().numpy().tobytes()


@pytest.mark.parametrize("training", [False, True], ids=["evaluating", "training"])
@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("architecture", ["llama", "gpt2", "falcon", "gpt_oss"])
def test_the_network_is_afterwards_as_it_was(architecture: str, implementation: str, training: bool) -> None:
    options = DROPOUT.get(architecture, {})
    chosen = "eager" if architecture == "gpt_oss" else implementation
    network = with_adapter(network_of(architecture, chosen, **options)).train(training)
    before = dict(everything(network))
    with fit(network):
        assert network.config._attn_implementation == (chosen if architecture in PADDED else "tunesmith")
    assert dict(everything(network)) == before


def test_the_network_is_as_it_was_when_what_was_done_with_it_fails() -> None:
    network = with_adapter(network_of("llama")).train()
    before = dict(everything(network))
    with pytest.raises(KeyError), fit(network):
        raise KeyError
    assert dict(everything(network)) == before


def test_fitting_draws_no_random_number_and_keeps_the_mode() -> None:
    network = with_adapter(network_of("gpt2", resid_pdrop=0.2)).train()
    before = torch.get_rng_state()
    with fit(network) as forward:
        assert torch.equal(torch.get_rng_state(), before)
        assert all(module.training for module in network.modules())
        assert forward.levers.grouped


def test_a_network_that_breaks_while_it_is_tried_is_left_in_its_mode() -> None:
    network = network_of("llama").train()

    def fail(*_: Any) -> Tensor:
        raise KeyboardInterrupt

    hook = network.lm_head.register_forward_hook(fail)
    with pytest.raises(KeyboardInterrupt), fit(network):
        pass
    hook.remove()
    assert network.training


def test_levers_that_are_pulled_by_force_need_not_fit() -> None:
    network = network_of("bloom")
    alone = one_at_a_time(network, ROWS)
    with pulled(network, replace(PLAIN, packing="padded")) as forward:
        assert at_once(forward, ROWS, 100).distance(alone) < 1e-5
    with pulled(network_of("gemma2"), Levers()) as forward:
        assert (forward.levers, forward.refused) == (FAST, ())
