"""Random models of several architectures around the shared tiny tokenizer."""

from dataclasses import replace
from typing import Any

import pytest

from tunesmith.core.cards import Model

ARCHITECTURES = ("llama", "gpt2", "gpt_neox", "gpt_neo")


@pytest.fixture(params=ARCHITECTURES)
def any_model(request: pytest.FixtureRequest, tiny_model: Model) -> Model:
    """Give the tiny model, its network replaced by a random one of each architecture in turn."""
    return replace(tiny_model, network=random_network(request.param))


def random_network(architecture: str) -> Any:
    """Build a random two-layer network whose answers vary: scaled up, so that the best token is clear."""
    import torch
    from transformers import (
        GPT2Config,
        GPT2LMHeadModel,
        GPTNeoConfig,
        GPTNeoForCausalLM,
        GPTNeoXConfig,
        GPTNeoXForCausalLM,
        LlamaConfig,
        LlamaForCausalLM,
    )

    shared = {"vocab_size": 300, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    torch.manual_seed(3)
    if architecture == "llama":
        sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
        network: Any = LlamaForCausalLM(LlamaConfig(**shared, **sizes, max_position_embeddings=256))
    elif architecture == "gpt2":
        network = GPT2LMHeadModel(GPT2Config(**shared, n_embd=32, n_layer=2, n_head=4, n_positions=256))
    elif architecture == "gpt_neox":
        sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
        network = GPTNeoXForCausalLM(GPTNeoXConfig(**shared, **sizes, max_position_embeddings=256))
    else:
        layers = {"num_layers": 2, "attention_types": [[["global", "local"], 1]]}
        sizes = {"hidden_size": 32, "intermediate_size": 64, "num_heads": 4, "window_size": 16}
        network = GPTNeoForCausalLM(GPTNeoConfig(**shared, **layers, **sizes, max_position_embeddings=256))
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() == 2:
                parameter.mul_(8)
    return network.eval()
