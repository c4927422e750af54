"""The cards of a memory: rows to keep, what they are read with, and what a memory then answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tunesmith.core.cards import Encoded
from tunesmith.core.example import Message

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class Remembered:
    """One row to be kept: what it says, as text and as token sequences.

    It is removed, or another one takes its place, by its `key`, which no other row has; rows are removed
    together by their `source`.
    """

    key: str
    source: str = ""
    text: str = ""
    sequences: tuple[Encoded, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did: rows added, those among them that took an older one's place, and rows removed.

    `rows` and `entries` are what there is now.
    """

    added: int = 0
    replaced: int = 0
    removed: int = 0
    rows: int = 0
    entries: int = 0


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that a memory holds: `says` is the same for rows that say the same, whatever they are called.

    `size` is what the memory keeps of it, in the memory's own unit.
    """

    key: str
    source: str
    says: str
    size: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a memory holds: each row once, and in which `unit` their sizes are, such as tokens.

    `tuned` says what was chosen on held-out rows and stays as it is when rows come and go; empty for nothing.
    """

    rows: tuple[KeptRow, ...]
    unit: str
    tuned: str = ""


class Forward(Protocol):
    """A network that runs passes: rows in, log-probabilities of the wanted tokens out."""

    @property
    def network(self) -> PreTrainedModel:
        """The network that runs."""
        ...

    def passes(self, rows: Sequence[Encoded], tokens_per_pass: int) -> Iterator[Any]:
        """Cut rows into passes."""
        ...

    def hidden(self, batch: Any) -> Tensor:
        """Give what leaves the network's body for one pass, [B, T, D]."""
        ...

    def logprobs(self, batch: Any) -> Tensor:
        """Give the log-probability of every asked prediction of one pass in nats, shape [C]."""
        ...


@dataclass(frozen=True)
class Reader:
    """What rows and questions are read with.

    `made_with` changes whenever the numbers do that `forward` or `embed` gives: what one model kept is of no
    use to another. `embed` turns texts into vectors of length 1, float32 [texts, dimensions]. A memory that
    needs neither takes neither.
    """

    made_with: str
    forward: Forward | None = None
    embed: Callable[[Sequence[str]], NDArray[Any]] | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a row that was shown: whose, from where, its text, and how well it matched the question."""

    key: str
    source: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A conversation with what was put into it, best first; `left_out` matched, but there was no room."""

    messages: tuple[Message, ...]
    passages: tuple[Passage, ...] = ()
    left_out: tuple[Passage, ...] = ()


Processor = Callable[["Tensor", "Tensor"], "Tensor"]
"""Changes the scores [B, V] of the next token, given the ids before it: what transformers calls by name."""


class Recall(Protocol):
    """A memory that is open: everything that a model is asked goes through all of these."""

    def describe(self) -> tuple[str, ...]:
        """Say what is remembered, and how it is used."""
        ...

    def show(
        self,
        messages: Sequence[Message],
        count: Callable[[Sequence[Message]], int],
        limit: int,
        own: Remembered | None = None,
    ) -> Shown:
        """Put what helps before the question, within `limit` tokens of what `count` gives for a prompt.

        `own` is the row that the question is from, where it is from one: it is not shown to itself.
        """
        ...

    def scoring(self, forward: Forward) -> Forward:
        """Give a forward whose log-probabilities count on what is remembered; no row recalls itself."""
        ...

    def answering(self, network: PreTrainedModel) -> AbstractContextManager[list[Processor]]:
        """Listen to a network while it generates, and give what changes the scores of its next tokens."""
        ...

    def save(self, folder: Path) -> None:
        """Write the memory into a new folder, as it is."""
        ...
