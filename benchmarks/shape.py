"""Shapes of networks: a configuration without weights, and the sizes that its cost follows from."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

CONTEXT = 2048


@dataclass(frozen=True)
class Shape:
    """A decoder of `layers` equal layers; `inner` is the width between the two halves of its MLP."""

    name: str
    family: Literal["llama", "gpt2"]
    width: int
    layers: int
    heads: int
    key_heads: int
    inner: int
    vocabulary: int
    is_tied: bool = True

    @property
    def entry(self) -> tuple[tuple[int, int], ...]:
        """Inputs and outputs of the matrices that read what comes into a layer."""
        if self.family == "gpt2":
            return ((self.width, 3 * self.width),)
        keys = self.width // self.heads * self.key_heads
        return ((self.width, self.width), (self.width, keys), (self.width, keys))

    @property
    def matrices(self) -> tuple[tuple[int, int], ...]:
        """Inputs and outputs of all matrices of one layer, in the order they are used."""
        rising = 1 if self.family == "gpt2" else 2  # Llama's MLP has a gate beside it
        own = (self.width, self.width)
        return (*self.entry, own, *[(self.width, self.inner)] * rising, (self.inner, self.width))

    @property
    def parameters(self) -> int:
        """Entries of all matrices, embeddings included."""
        body = self.layers * sum(prod(matrix) for matrix in self.matrices)
        return body + self.vocabulary * self.width * (1 if self.is_tied else 2)

    def build(self, device: str, dtype: str) -> PreTrainedModel:
        """Draw the network's weights at random, where and as they are needed; the same ones every time."""
        import torch
        from transformers import AutoModelForCausalLM

        torch.manual_seed(0)
        with torch.device(device):
            return AutoModelForCausalLM.from_config(self._config(), dtype=getattr(torch, dtype))

    def _config(self) -> PretrainedConfig:
        from transformers import GPT2Config, LlamaConfig

        if self.family == "gpt2":
            return GPT2Config(
                vocab_size=self.vocabulary,
                n_embd=self.width,
                n_layer=self.layers,
                n_head=self.heads,
                n_inner=self.inner,
                n_positions=CONTEXT,
                # Attention with dropout is another, slower kernel, and a random loss cannot be compared.
                **dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0),
            )
        return LlamaConfig(
            vocab_size=self.vocabulary,
            hidden_size=self.width,
            intermediate_size=self.inner,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.key_heads,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=self.is_tied,
        )


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("nano", "llama", 64, 2, 4, 2, 128, 500),
        Shape("15m", "llama", 288, 6, 6, 6, 768, 32000),
        Shape("gpt2", "gpt2", 288, 6, 6, 6, 1152, 32000),
        Shape("deep", "llama", 384, 24, 6, 6, 1024, 32000, is_tied=False),
        Shape("135m", "llama", 576, 30, 9, 3, 1536, 49152),
        Shape("1b", "llama", 2048, 16, 32, 8, 8192, 128256),
        Shape("8b", "llama", 4096, 32, 32, 8, 14336, 128256, is_tied=False),
    )
}
