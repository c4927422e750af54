from pathlib import Path
from typing import Any

import pytest

from tunesmith.core.errors import BadBase
from tunesmith.model.shape import Shape, shape_of

_WIDTHS = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 300}
NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "llama": (_WIDTHS | {"intermediate_size": 80, "num_key_value_heads": 2}, {}),
    "qwen2": (_WIDTHS | {"intermediate_size": 80, "num_key_value_heads": 2}, {"biases": "inputs"}),
    "qwen3": (_WIDTHS | {"intermediate_size": 80, "num_key_value_heads": 2, "head_dim": 16}, {}),
    "mixtral": (_WIDTHS | {"intermediate_size": 48, "num_key_value_heads": 2, "num_local_experts": 4}, {}),
    "gpt2": (
        {"n_embd": 32, "n_layer": 3, "n_head": 4, "vocab_size": 300, "n_positions": 64},
        {"is_gated": False, "biases": "all"},
    ),
    "gpt_neox": (_WIDTHS | {"intermediate_size": 128}, {"is_gated": False, "biases": "all"}),
    "t5": (
        {"d_model": 32, "d_ff": 64, "d_kv": 8, "num_layers": 2, "num_heads": 4, "vocab_size": 300},
        {"is_gated": False},
    ),
    "bart": (
        {
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 4,
            "vocab_size": 300,
        }
        | {"encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "decoder_attention_heads": 4},
        {"is_gated": False, "biases": "all"},
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_those_of_the_network(name: str, tmp_path: Path) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    sizes, form = NETWORKS[name]
    config = AutoConfig.for_model(name, **sizes)
    config.save_pretrained(tmp_path)
    kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    real = kind.from_config(config).num_parameters()
    found = shape_of(tmp_path, **form)
    assert found is not None
    # relative positions, and norms of single heads, are few in a network of a useful size, and not counted
    assert found.parameters == pytest.approx(real, rel=0.01)


def test_of_experts_only_those_count_that_a_token_goes_through() -> None:
    sizes: dict[str, Any] = {
        "layers": 2,
        "width": 32,
        "inner": 64,
        "heads": 4,
        "kv_heads": 4,
        "head_width": 8,
    }
    one = Shape(family="decoder", vocabulary=100, is_tied=True, is_gated=True, **sizes)
    many = Shape(
        family="decoder", vocabulary=100, is_tied=True, is_gated=True, experts=8, active_experts=2, **sizes
    )
    expert = 3 * 32 * 64
    router = 2 * 32 * 8
    assert one.active == one.parameters
    assert many.parameters == one.parameters + 2 * 7 * expert + router
    assert many.active == one.parameters + 2 * expert + router


def test_sizes_that_are_not_stated_are_not_made_up(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "a kind that nobody knows"}')
    assert shape_of(tmp_path) is None
    with pytest.raises(BadBase, match=r"no config\.json"):
        shape_of(tmp_path / "nowhere")
