"""The cards that rooms hand to each other: frozen and small. Tensors appear only as types: no torch here.

Five have files of their own in `core/`: the recipe, the example, the finding (`audit.py`), the ledger and the
report. Together they are all there is.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from tunesmith.core.example import Message

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class Encoded:
    """One token sequence: `weights[i]` is what predicting `ids[i]` from the ids before it is worth.

    Both have the same length; weight 0 is masked; `weights[0]` is always 0. `lost` counts tokens cut off.
    """

    ids: array[int]
    weights: array[float]
    key: str = ""
    lost: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def trained(self) -> int:
        """How many tokens are worth something."""
        return sum(weight != 0 for weight in self.weights)


@runtime_checkable
class Measured(Protocol):
    """Token sequences whose lengths are known without reading them, as those on a disk are."""

    def lengths(self) -> list[int]:
        """Give the length of every sequence in tokens."""
        ...


class Chat(Protocol):
    """A tokenizer and its chat template, always together: the only way text becomes ids anywhere."""

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """The ids that end an answer."""
        ...

    @property
    def begin_id(self) -> int | None:
        """The id that begins a text, where the tokenizer has one."""
        ...

    @property
    def pad_id(self) -> int | None:
        """The id that fills up batches, where the tokenizer has one; it may be one that ends answers, too."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same conversation could be rendered to other ids."""
        ...

    def encode_prompt(self, messages: Sequence[Message], tools: str = "") -> array[int]:
        """Render turns up to where the answer begins: what the server sends to the model.

        `tools` is the JSON text of the functions that may be called.
        """
        ...

    def encode_conversation(self, messages: Sequence[Message], tools: str = "") -> list[Encoded]:
        """Render a conversation; assistant turns and their end tokens have weight, all else is masked.

        Answers that do not share a rendering, as where a template drops old thoughts, come apart: each is
        learned once, behind exactly what a server would send.
        """
        ...

    def encode_document(self, text: str) -> Encoded:
        """Render raw text from its beginning to its end token; all but the first token has weight."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Turn ids into text without special tokens."""
        ...

    def spell(self, ids: Sequence[int]) -> str:
        """Turn ids into text, special tokens included."""
        ...

    def save(self, folder: Path) -> None:
        """Write tokenizer and template into a folder, so that loading it gives the same ids."""
        ...


@dataclass(frozen=True)
class Model:
    """Weights, tokenizer and chat template, always together."""

    name: str
    folder: Path
    network: PreTrainedModel
    chat: Chat
    context: int
    fingerprint: str
    licence: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The minibatch of one optimizer step; `weight` is its loss denominator, fixed before anything is run."""

    step: int
    epoch: int
    sequences: tuple[Encoded, ...]

    @property
    def weight(self) -> float:
        """What all predictions of this step are worth together."""
        return sum(sum(sequence.weights) for sequence in self.sequences)

    @property
    def tokens(self) -> int:
        """How many tokens are read in this step."""
        return sum(len(sequence) for sequence in self.sequences)


@dataclass(frozen=True, slots=True)
class Loss:
    """A sum and a weight; only the engine divides, once per optimizer step."""

    total: Tensor | float
    weight: float

    @classmethod
    def nothing(cls) -> Loss:
        """The loss of no tokens at all."""
        return cls(0.0, 0.0)

    @property
    def mean(self) -> float:
        """Nats per unit of weight."""
        return float(self.detached().total) / self.weight

    def detached(self) -> Loss:
        """The same numbers without the graph that made them."""
        total = float(self.total) if isinstance(self.total, int | float) else float(self.total.detach())
        return Loss(total, self.weight)

    def __add__(self, other: Loss) -> Loss:
        return Loss(self.total + other.total, self.weight + other.weight)


@dataclass(frozen=True, slots=True)
class Step:
    """One optimizer step that was taken: losses in nats per token, time in seconds."""

    number: int
    epoch: int
    loss: float
    weight: float
    tokens: int
    gradient_norm: float
    learning_rate: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Validation:
    """How well held-out rows are predicted: nats per token, share of tokens ranked first."""

    step: int
    loss: float
    token_accuracy: float
    tokens: int

    @property
    def perplexity(self) -> float:
        """The exponential of the loss; infinite where that is too large for a number."""
        return math.exp(self.loss) if self.loss < 709 else math.inf


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A saved state whose every file was verified against its manifest."""

    folder: Path
    step: int
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decoding:
    """How text is generated; temperature 0 is greedy."""

    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """Generated text, or a piece of it: `finish_reason` is None while more follows.

    `nats` and `predicted` are the cost and number of the reference's tokens where a likelihood was asked for.
    """

    text: str
    prompt_tokens: int = 0
    tokens: int = 0
    finish_reason: Literal["stop", "length"] | None = None
    nats: float = 0.0
    predicted: int = 0


@dataclass(frozen=True)
class Package:
    """A folder that is served or shared: weights or adapter, tokenizer, template, card, licence, report."""

    folder: Path
    name: str
    kind: Literal["adapter", "weights"]
    base: str
    base_fingerprint: str
    files: Mapping[str, str]
    format: int = 1


@dataclass(frozen=True, slots=True)
class Trace:
    """One answered request; `correction` is what a person says the answer should have been."""

    id: str
    created: float
    model: str
    messages: tuple[Message, ...]
    answer: str
    prompt_tokens: int
    tokens: int
    seconds: float
    correction: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """What was observed in service, and whether it is reason enough to train again."""

    trigger: str
    fires: bool
    sentence: str
    traces: tuple[str, ...] = ()
