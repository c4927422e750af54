"""The sizes of a network, from which its parameters, and what training takes, are counted without weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tunesmith.core.task import Family
from tunesmith.model.find import read_config

if TYPE_CHECKING:
    from transformers import PretrainedConfig

Biases = Literal["none", "inputs", "all"]
"""Which products have biases: none, those of queries, keys and values, or all."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Sizes in numbers: `inner` is the width of a feed-forward layer, or of one expert's.

    `layers` is what one side has: an encoder-decoder has as many again. `is_gated`: the feed-forward layer
    has three matrices instead of two. `positions` counts positions that are learned.
    """

    family: Family
    layers: int
    width: int
    inner: int
    heads: int
    kv_heads: int
    head_width: int
    vocabulary: int
    is_tied: bool
    is_gated: bool
    biases: Biases = "none"
    experts: int = 1
    active_experts: int = 1
    shared_inner: int = 0
    positions: int = 0

    @property
    def query_width(self) -> int:
        """What a layer's queries have in all heads together."""
        return self.heads * self.head_width

    @property
    def key_width(self) -> int:
        """What a layer's keys have in all heads together; values have as much."""
        return self.kv_heads * self.head_width

    @property
    def depth(self) -> int:
        """Layers of both sides together; one that attends twice counts as one and a third."""
        return self.layers if self.family != "encoder-decoder" else self.layers * 7 // 3

    def matrices(self, experts: int) -> Iterator[tuple[int, int]]:
        """Give inputs and outputs of each matrix of a layer with so many of its experts."""
        yield from ((self.width, self.query_width), (self.query_width, self.width))
        yield from 2 * ((self.width, self.key_width),)
        for inner in (*experts * (self.inner,), *([self.shared_inner] if self.shared_inner else [])):
            yield from (1 + self.is_gated) * ((self.width, inner),)
            yield (inner, self.width)

    def numbers(self, experts: int) -> int:
        """Count the numbers in all layers' matrices with so many experts in each, and in their routers.

        The decoder of an encoder-decoder attends twice: to its own text and to what it reads.
        """
        router = self.width * self.experts if self.experts > 1 else 0
        layer = sum(map(prod, self.matrices(experts))) + router
        if self.family != "encoder-decoder":
            return self.layers * layer
        return self.layers * (2 * layer + 2 * self.width * (self.query_width + self.key_width))

    @property
    def head(self) -> int:
        """Numbers in the matrix that gives logits; it may be that of the embeddings."""
        return self.vocabulary * self.width

    @property
    def parameters(self) -> int:
        """All parameters, norms and biases included."""
        embeddings = self.head * (1 if self.is_tied else 2) + self.positions * self.width
        return self.numbers(self.experts) + embeddings + self.norms + self.bias_count

    @property
    def active(self) -> int:
        """Parameters that one token goes through."""
        return self.parameters - self.numbers(self.experts) + self.numbers(self.active_experts)

    @property
    def norms(self) -> int:
        """Parameters of norms; where products have biases, norms have them, too."""
        each = self.width * (2 if self.biases == "all" else 1)
        return each * (2 * self.layers + 1) if self.family != "encoder-decoder" else each * 5 * self.layers

    @property
    def bias_count(self) -> int:
        """Parameters that are added to products."""
        inputs = self.query_width + 2 * self.key_width
        every = inputs + 2 * self.width + (1 + self.is_gated) * self.inner
        sides = 1 if self.family != "encoder-decoder" else 2
        return sides * self.layers * {"none": 0, "inputs": inputs, "all": every}[self.biases]


def shape_of(folder: Path, is_gated: bool = True, biases: Biases = "none") -> Shape | None:
    """Read the sizes of a base from its configuration; None where it does not state them in known words.

    Whether its feed-forward layers are gated and where it has biases follows from its architecture, and is
    told by whoever knows (`model/bases.py`).
    """
    from transformers import AutoConfig

    read_config(folder)  # refuses what is not safe, with a reason
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False).get_text_config()
    except (ValueError, KeyError, OSError):
        return None
    width, layers, heads = (_first(config, names) for names in (_WIDTH, _LAYERS, _HEADS))
    if width is None or layers is None or heads is None:
        return None
    return Shape(
        family=_family(folder),
        layers=layers,
        width=width,
        inner=_first(config, _INNER) or 4 * width,
        heads=heads,
        kv_heads=_first(config, ("num_key_value_heads",)) or heads,
        head_width=_first(config, ("head_dim", "d_kv")) or width // heads,
        vocabulary=config.vocab_size,
        is_tied=bool(config.to_dict().get("tie_word_embeddings", True)),
        is_gated=is_gated,
        biases=biases,
        experts=_first(config, ("num_local_experts", "num_experts")) or 1,
        active_experts=_first(config, ("num_experts_per_tok",)) or 1,
        shared_inner=_first(config, ("shared_expert_intermediate_size",)) or 0,
        positions=_positions(config.model_type, _first(config, ("max_position_embeddings",)) or 0),
    )


_WIDTH = ("hidden_size", "d_model", "n_embd")
_LAYERS = ("num_hidden_layers", "num_layers", "n_layer")
_HEADS = ("num_attention_heads", "num_heads", "n_head")
_INNER = ("moe_intermediate_size", "intermediate_size", "d_ff", "encoder_ffn_dim", "n_inner", "ffn_dim")
_LEARNED = ("gpt2", "opt", "bert", "roberta", "deberta", "deberta-v2", "distilbert", "electra")


def _positions(architecture: str, most: int) -> int:
    """Count learned positions; BART has two more than rows can have, on both sides."""
    if architecture == "bart":
        return 2 * (most + 2)
    return most if architecture in _LEARNED else 0


def _family(folder: Path) -> Family:
    from tunesmith.model.network import family_of

    return family_of(folder)


def _first(config: PretrainedConfig, names: tuple[str, ...]) -> int | None:
    known: dict[str, Any] = {**config.to_dict(), **{name: _named(config, name) for name in names}}
    return next((known[name] for name in names if isinstance(known.get(name), int)), None)


def _named(config: PretrainedConfig, name: str) -> Any:
    """Give what a configuration calls otherwise, such as GPT-2's sizes, by transformers' own map of names."""
    return getattr(config, config.attribute_map.get(name, name), None)
