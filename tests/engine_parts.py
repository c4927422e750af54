"""Rows, networks and short runs for the tests of the engine; nothing here needs a tokenizer."""

import random
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tunesmith.core.cards import Encoded, Model, Plan, Step
from tunesmith.core.recipe import Training

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter
    from transformers import PretrainedConfig, PreTrainedModel

VOCABULARY = 300


def encoded(ids: Sequence[int], weights: Sequence[float], key: str = "row") -> Encoded:
    return Encoded(array("i", ids), array("f", weights), key)


def random_rows(count: int, seed: int = 0, longest: int = 40) -> list[Encoded]:
    """Give rows of 4 to `longest` ids: masked prompt, answer with a hole, sometimes a masked end."""
    draw = random.Random(seed)
    rows: list[Encoded] = []
    for number in range(count):
        length = draw.randint(4, longest)
        prompt, end = draw.randint(1, length - 2), draw.choice((0, 0, 1))
        weights = [float(prompt <= place < length - end) for place in range(length)]
        if length - end - prompt > 4:
            weights[prompt + 2] = 0.0
        rows.append(
            encoded([draw.randrange(VOCABULARY) for _ in range(length)], weights, f"data.jsonl:{number + 1}")
        )
    return rows


def plans_of(rows: Sequence[Encoded], rows_per_step: int) -> list[Plan]:
    """Give one plan per `rows_per_step` rows, in order; the last may be smaller."""
    starts = range(0, len(rows), rows_per_step)
    return [
        Plan(step, 1, tuple(rows[start : start + rows_per_step]))
        for step, start in enumerate(starts, start=1)
    ]


def constant(learning_rate: float = 1e-3, clip_norm: float | None = 1.0) -> Training:
    """Give the plainest training: one rate, no warm-up, no decay."""
    return Training(learning_rate=learning_rate, schedule="constant", warmup=0.0, clip_norm=clip_norm)


def trainable(model: Model) -> "dict[str, Parameter]":
    return {name: p for name, p in model.network.named_parameters() if p.requires_grad}


def take(
    model: Model, plans: Sequence[Plan], training: Training, tokens_per_pass: int = 128
) -> Iterator[Step]:
    """Train with supervised fine-tuning on every plan."""
    from tunesmith.engine.loop import train
    from tunesmith.engine.update import Updater
    from tunesmith.objective.sft import SFT

    updater = Updater(trainable(model), training, len(plans))
    yield from train(model, SFT(), plans, updater, tokens_per_pass)


def snapshot(model: Model) -> "dict[str, Tensor]":
    """Copy every parameter, trainable or not."""
    return {name: parameter.detach().clone() for name, parameter in model.network.named_parameters()}


def in_float64(model: Model) -> Model:
    return replace(model, network=model.network.double())


def naive_logprobs(network: "PreTrainedModel", row: Encoded) -> "list[Tensor]":
    """Give the log-probability of each wanted token of one row: alone, all logits, plain log-softmax."""
    import torch

    with torch.no_grad():
        logits = network(input_ids=torch.tensor([list(row.ids)]), use_cache=False).logits[0]
    scores = logits.double().log_softmax(-1)
    return [scores[place - 1, row.ids[place]] for place, weight in enumerate(row.weights) if weight]


def network_of(architecture: str) -> "PreTrainedModel":
    """Build a small random network of one architecture, for evaluation."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(ARCHITECTURES[architecture]()).eval()


def _llama() -> "PretrainedConfig":
    from transformers import LlamaConfig

    return LlamaConfig(**_SHAPE, num_key_value_heads=2)


def _gpt2() -> "PretrainedConfig":
    from transformers import GPT2Config

    return GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=64)


def _gpt_neox() -> "PretrainedConfig":
    from transformers import GPTNeoXConfig

    return GPTNeoXConfig(**_SHAPE)


def _opt() -> "PretrainedConfig":
    from transformers import OPTConfig

    return OPTConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        ffn_dim=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        word_embed_proj_dim=32,
    )


def _gpt_neo() -> "PretrainedConfig":
    from transformers import GPTNeoConfig

    return GPTNeoConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_layers=2,
        num_heads=4,
        attention_types=[[["global", "local"], 1]],
        window_size=8,
        max_position_embeddings=64,
    )


def _gemma() -> "PretrainedConfig":
    from transformers import Gemma2Config

    return Gemma2Config(**_SHAPE, num_key_value_heads=2, head_dim=8, sliding_window=8)


def _mistral() -> "PretrainedConfig":
    from transformers import MistralConfig

    return MistralConfig(**_SHAPE, num_key_value_heads=2, sliding_window=8)


def _bloom() -> "PretrainedConfig":
    from transformers import BloomConfig

    return BloomConfig(vocab_size=VOCABULARY, hidden_size=32, n_layer=2, n_head=4)


def _xlstm() -> "PretrainedConfig":
    from transformers import xLSTMConfig

    return xLSTMConfig(vocab_size=VOCABULARY, hidden_size=32, num_blocks=2, num_heads=4)


_SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
}

ARCHITECTURES: "dict[str, Callable[[], PretrainedConfig]]" = {
    "llama": _llama,  # rotary positions
    "gpt2": _gpt2,  # learned absolute positions
    "gpt_neox": _gpt_neox,
    "opt": _opt,  # learned positions that are counted from the mask
    "gpt_neo": _gpt_neo,  # local attention, unscaled
    "gemma": _gemma,  # scaled embeddings, capped logits, sliding window
    "mistral": _mistral,  # sliding window
    "bloom": _bloom,  # positions as a bias on attention
    "xlstm": _xlstm,  # recurrent, and computes the logits of all positions
}
