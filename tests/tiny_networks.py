"""Small random networks of many architectures, and what one row at a time gives: the oracle of the levers.

Weights are drawn so large that attention, norms and biases matter: with transformers' own small ones, a token
that sees the wrong rows would hardly change its log-probability.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import Any
from warnings import catch_warnings, filterwarnings

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from engine_parts import VOCABULARY
from tunesmith.core.cards import Encoded
from tunesmith.engine.forward import Forward

CONTEXT = 128
_TOKENS = {"vocab_size": VOCABULARY, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
_SHAPE = _TOKENS | {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": CONTEXT,
}
_GROUPED = _SHAPE | {"num_key_value_heads": 2}
_SLIDING = _GROUPED | {"sliding_window": 20}
_GEMMA = _SLIDING | {"head_dim": 8, "query_pre_attn_scalar": 8, "final_logit_softcapping": 4.0}
_EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "llama": _GROUPED,  # rotary positions, norms in float32
    "qwen2": _GROUPED,  # biases on queries, keys and values
    "qwen3": _GROUPED | {"head_dim": 8},  # norms of queries and keys
    "mistral": _SLIDING,
    "gemma2": _GEMMA
    | {"attn_logit_softcapping": 3.0},  # capped scores and logits, every other window sliding
    "gemma3_text": _GEMMA,
    "phi": _SHAPE,  # attention beside the feed-forward layer, partly rotated, a bias on the head
    "gpt2": _TOKENS  # learned absolute positions, transposed weights
    | {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": CONTEXT}
    | {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0},
    "gpt_neox": _SHAPE,  # queries, keys and values from one weight
    "opt": _SHAPE
    | {"ffn_dim": 64, "word_embed_proj_dim": 32, "dropout": 0.0},  # positions counted from a mask
    "gpt_neo": _TOKENS  # local attention, unscaled
    | {"hidden_size": 32, "num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]]}
    | {"window_size": 20, "max_position_embeddings": CONTEXT},
    "falcon": _SHAPE,
    "mixtral": _GROUPED | {"num_local_experts": 4},
    "qwen3_moe": _GROUPED | _EXPERTS | {"head_dim": 8},
    "granite": _GROUPED  # factors everywhere, logits divided
    | {
        "logits_scaling": 3.0,
        "embedding_multiplier": 2.0,
        "residual_multiplier": 0.7,
        "attention_multiplier": 0.3,
    },
    "cohere": _GROUPED,  # logits multiplied
    "bloom": _TOKENS | {"hidden_size": 32, "n_layer": 2, "n_head": 4},  # positions as a bias on attention
    "xlstm": _TOKENS | {"hidden_size": 32, "num_blocks": 2, "num_heads": 4, "chunk_size": 16},  # recurrent
    "gpt_oss": _SLIDING  # attention sinks
    | {
        "head_dim": 8,
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "rope_parameters": {"rope_type": "default"},
    },
}

STRETCHED: dict[str, Any] = _GROUPED | {
    "original_max_position_embeddings": 30,
    "rope_parameters": {
        "rope_type": "longrope",
        "rope_theta": 10_000.0,
        "short_factor": [1.0, 1.1, 1.2, 1.3],
        "long_factor": [2.0, 3.0, 4.0, 5.0],
        "original_max_position_embeddings": 30,
        "factor": 4.0,
    },
}
"""Rows of more than 30 tokens are read with other rotary frequencies, as phi3 reads long ones."""

PADDED = {"gpt_neo", "falcon", "bloom", "xlstm", "gpt_oss"}
"""Architectures whose attention cannot be replaced: it has its own code, or sinks, or is none."""
OWN_LOGITS = {"xlstm"}
"""Architectures that do more to their logits than a head knows."""


def network_of(architecture: str, implementation: str | None = None, **options: Any) -> PreTrainedModel:
    """Build a small random network for evaluation; `options` change its configuration.

    `implementation` "eager" computes attention and experts with plain products, which know float64.
    """
    known = ARCHITECTURES.get(architecture, {}) | options
    config = AutoConfig.for_model(architecture, **known)
    extra = {"attn_implementation": implementation} if implementation else {}
    if implementation and "experts" in str(known):
        extra["experts_implementation"] = implementation
    with torch.random.fork_rng(devices=[]):
        network = AutoModelForCausalLM.from_config(config, **extra)
    _draw(network, seed=1)
    return network.eval()


def with_adapter(network: PreTrainedModel, **options: Any) -> PreTrainedModel:
    """Put LoRA beside every linear layer, its B drawn as well, so that the change counts from the start."""
    from peft import LoraConfig, get_peft_model
    from transformers.pytorch_utils import Conv1D

    settings: dict[str, Any] = {
        "r": 4,
        "lora_alpha": 2,
        "target_modules": "all-linear",
        "task_type": "CAUSAL_LM",
    }
    settings["fan_in_fan_out"] = any(isinstance(layer, Conv1D) for layer in network.modules())
    with torch.random.fork_rng(devices=[]), catch_warnings():
        filterwarnings(
            "ignore", "The following .*_pattern keys", RuntimeWarning
        )  # experts are no linear layers
        torch.manual_seed(2)
        wrapped = get_peft_model(network, LoraConfig(**settings | options))
        for name, parameter in wrapped.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter.data, std=0.5)
    return wrapped.eval()  # type: ignore[return-value]  # stands in for the network it wraps


def _draw(network: PreTrainedModel, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            drawn = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                parameter.copy_(drawn * parameter.shape[-1] ** -0.5)
            else:
                parameter.add_(drawn * 0.1)


@contextmanager
def float64_kept() -> Iterator[None]:
    """Keep in float64 what is, where transformers would narrow it to float32, as in norms and softmax."""
    with _Kept():
        yield


class _Kept(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if args and isinstance(args[0], Tensor) and args[0].dtype is torch.float64:
            if func is Tensor.float:
                return args[0]
            args = tuple(torch.float64 if each is torch.float32 else each for each in args)
            if kwargs.get("dtype") is torch.float32:
                kwargs["dtype"] = torch.float64
        return func(*args, **kwargs)


@dataclass(frozen=True)
class Outcome:
    """Log-probabilities of wanted tokens, row by row, and gradients of the sum of their weighted costs."""

    logprobs: tuple[Tensor, ...]
    gradients: Mapping[str, Tensor]

    def distance(self, other: "Outcome") -> float:
        """Give the largest difference of a log-probability, in nats; infinite where others are given."""
        if [len(row) for row in self.logprobs] != [len(row) for row in other.logprobs]:
            return inf
        mine, theirs = torch.cat(self.logprobs), torch.cat(other.logprobs)
        return float((mine - theirs).abs().max().nan_to_num(inf))

    def gradient_distance(self, other: "Outcome") -> float:
        """Give the largest difference of a parameter's gradient, relative to its size.

        What is nothing but rounding, such as the gradient of a key's bias, is compared with a hundredth of
        the whole gradient.
        """
        if self.gradients.keys() != other.gradients.keys():
            return inf
        whole = float(torch.stack([gradient.norm() for gradient in other.gradients.values()]).norm())
        return max(
            float(
                (self.gradients[name] - gradient).norm().nan_to_num(inf)
                / max(float(gradient.norm()), whole / 100)
            )
            for name, gradient in other.gradients.items()
        )


def one_at_a_time(network: PreTrainedModel, rows: Sequence[Encoded]) -> Outcome:
    """Run every row alone through the network's own forward: all logits, plain log-softmax."""
    network.zero_grad(set_to_none=True)
    found: list[Tensor] = []
    for row in rows:
        wanted = [place for place, weight in enumerate(row.weights) if weight]
        logits = network(input_ids=torch.tensor([list(row.ids)]), use_cache=False).logits[0]
        before = [place - 1 for place in wanted]
        logprobs = logits.log_softmax(-1)[before, [row.ids[place] for place in wanted]]
        weights = torch.tensor([row.weights[place] for place in wanted])
        (-logprobs * weights).sum().backward()
        found.append(logprobs.detach())
    return Outcome(tuple(found), _gradients(network))


def at_once(forward: Forward, rows: Sequence[Encoded], tokens_per_pass: int) -> Outcome:
    """Run rows through the engine's forward."""
    forward.network.zero_grad(set_to_none=True)
    found = [torch.empty(0)] * len(rows)
    for batch in forward.passes(rows, tokens_per_pass):
        logprobs = forward.logprobs(batch)
        (-logprobs * batch.weights_C).sum().backward()
        for number, part in zip(batch.numbers, logprobs.detach().split(batch.counts), strict=True):
            found[number] = part
    return Outcome(tuple(found), _gradients(forward.network))


def _gradients(network: PreTrainedModel) -> dict[str, Tensor]:
    return {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}


class Products(TorchDispatchMode):
    """Notes the shape of every product of two matrices."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if func.overloadpacket in (torch.ops.aten.mm, torch.ops.aten.addmm, torch.ops.aten.addmm_):
            self.shapes.append(tuple(out.shape))
        return out

    def rows_of(self, columns: int) -> list[int]:
        """Give the rows of all products with so many columns, such as the logits."""
        return [shape[0] for shape in self.shapes if shape[1] == columns]
