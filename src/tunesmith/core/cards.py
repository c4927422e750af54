"""The cards that rooms hand to each other: frozen and small. Tensors appear only as types: no torch here.

Others have files of their own in `core/`: the recipe, the example, the finding (`audit.py`), the ledger, the
report, words with tags, and what is known of a model in service. Together they are all there is.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from tunesmith.core.example import Message
from tunesmith.core.tagged import WordIds
from tunesmith.core.task import LANGUAGE, Family, Task

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from tunesmith.core.memory import Recall, Remembered


def _no_targets() -> array[float]:
    return array("d")


def _no_source() -> array[int]:
    return array("i")


@dataclass(frozen=True, slots=True)
class Encoded:
    """One token sequence: `weights[i]` is what predicting `ids[i]` from the ids before it is worth.

    Both have the same length; weight 0 is masked; `weights[0]` is 0. `lost` counts tokens cut off.

    Where `targets` are given, nothing is predicted from what comes before. What they are is the objective's:
    a tag or a hidden word in each id's place, or classes or a number for the whole sequence, which is then
    worth `weights[0]`. `source` is what the network reads before it begins with `ids`; `second` is where the
    second of two texts begins, 0 where there is one.
    """

    ids: array[int]
    weights: array[float]
    key: str = ""
    lost: int = 0
    targets: array[float] = field(default_factory=_no_targets)
    source: array[int] = field(default_factory=_no_source)
    second: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def read(self) -> int:
        """How many tokens a network reads for it."""
        return len(self.ids) + len(self.source)

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
    def size(self) -> int:
        """How many tokens it knows."""
        ...

    @property
    def longest(self) -> int:
        """The longest row it is made for, in tokens; very many where it does not say."""
        ...

    @property
    def mask_id(self) -> int | None:
        """The id that stands for a hidden token, where the tokenizer has one."""
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

    def encode_question(self, messages: Sequence[Message], second: str = "", tools: str = "") -> Encoded:
        """Render turns up to where the answer begins, and a second text to be read with them; all masked."""
        ...

    def encode_document(self, text: str) -> Encoded:
        """Render raw text from its beginning to its end token; all but the first token has weight."""
        ...

    def encode_words(self, words: Sequence[str]) -> Encoded:
        """Render words, a space between them; the first piece of each has weight."""
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


ANSWER_SHARE = 4
"""One part in so many of the context is kept for the answer, whatever a memory has to show."""


@dataclass(frozen=True)
class Model:
    """Weights, tokenizer and chat template, always together, and what is kept beside them."""

    name: str
    folder: Path
    network: PreTrainedModel
    chat: Chat
    context: int
    fingerprint: str
    licence: str
    family: Family = "decoder"
    task: Task = LANGUAGE
    recall: Recall | None = None

    def prompt(
        self, messages: Sequence[Message], tools: str = "", own: Remembered | None = None
    ) -> Sequence[int]:
        """Render turns up to where the answer begins, with what its memory puts before the question.

        `own` is the row that the question is from: a memory does not show it to itself.
        """
        if self.task.says == "tags":
            return WordIds.of(messages, self.chat)
        if self.recall is not None:

            def count(turns: Sequence[Message]) -> int:
                return len(self.chat.encode_prompt(turns, tools))

            room = self.context - self.context // ANSWER_SHARE
            messages = self.recall.show(messages, count, room, own).messages
        return self.chat.encode_prompt(messages, tools)


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
        return sum(sequence.read for sequence in self.sequences)


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
