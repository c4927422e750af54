"""A datastore beside a network: what the network says of the next token, mixed with what neighbours say.

Letters in shapes: C predictions asked for, B answers, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.core.cards import Encoded
from tunesmith.core.example import Message
from tunesmith.core.memory import Forward, Processor, Remembered, Shown
from tunesmith.memory._datastore import Datastore
from tunesmith.memory._mixture import Observed, mixed, of_target, of_vocabulary
from tunesmith.memory._search import Apart
from tunesmith.memory._states import Place, asked, listening

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

TOKENS_AT_ONCE = 2048


@dataclass(frozen=True)
class Mixing:
    """An open datastore with the weight and temperature that its neighbours count with."""

    datastore: Datastore
    place: Place
    weight: float
    temperature: float

    def describe(self) -> tuple[str, ...]:
        """Say what is remembered, and how it is used."""
        store = self.datastore.store
        rows, recall = len({row.key for row in store.rows}), store.manifest.measured.get("recall")
        found = "all keys compared" if recall is None else f"{recall:.1%} of the nearest keys found"
        return (
            f"{rows:,} rows with {store.entries:,} tokens remembered",
            f"{self.datastore.most} neighbours weigh {self.weight:.3g} at temperature {self.temperature:.3g}",
            found,
        )

    def show(
        self,
        messages: Sequence[Message],
        count: Callable[[Sequence[Message]], int],
        limit: int,
        own: Remembered | None = None,
    ) -> Shown:
        """Show nothing: neighbours speak where the next token is chosen."""
        return Shown(tuple(messages))

    def scoring(self, forward: Forward) -> Forward:
        """Give a forward whose log-probabilities count on neighbours; no row is its own neighbour."""
        return _Scoring(forward, self)

    @contextmanager
    def answering(self, network: PreTrainedModel) -> Generator[list[Processor]]:
        """Listen to a network while it generates, and mix the scores of its next tokens."""
        with listening(network, self.place) as heard:
            yield [lambda _, scores: self.next_logprobs(heard.states[:, -1], scores)]

    def save(self, folder: Path) -> None:
        """Write the memory into a new folder, as it is."""
        self.datastore.store.save(folder)

    def logprobs(self, states: Tensor, targets: Tensor, logprobs: Tensor, apart: Apart) -> Tensor:
        """Mix the model's log-probabilities [C] of tokens [C], given the states before them, [C, D]."""
        squared, tokens = self.datastore.neighbours(states, apart)
        return mixed(logprobs, of_target(squared, tokens == targets[:, None], self.temperature), self.weight)

    def next_logprobs(self, states: Tensor, logits: Tensor) -> Tensor:
        """Give the mixed log-probabilities of every next token, [B, V], given states [B, D] and logits."""
        squared, tokens = self.datastore.neighbours(states, Apart.nothing(len(states)))
        remembered = of_vocabulary(squared, tokens, self.temperature, logits.shape[-1])
        return mixed(logits.log_softmax(-1), remembered, self.weight)


def observe(datastore: Datastore, forward: Forward, rows: Sequence[Encoded], place: Place) -> Observed:
    """Run held-out rows, and note what neighbours and the model say of every wanted token."""
    import torch

    noted: list[tuple[Tensor, ...]] = []
    forward.network.eval()
    with torch.no_grad(), listening(forward.network, place) as heard:
        for batch in forward.passes(rows, TOKENS_AT_ONCE):
            logprobs = forward.logprobs(batch)
            squared, tokens = datastore.neighbours(asked(heard, batch), datastore.apart(_whose(batch, rows)))
            agrees = tokens == batch.asked(batch.targets_S)[:, None]
            parts = squared.double(), agrees, logprobs.double(), batch.weights_C.double()
            noted.append(tuple(part.cpu() for part in parts))
    squared, agrees, logprobs, worth = (torch.cat(parts) for parts in zip(*noted, strict=True))
    return Observed(squared, agrees, logprobs, worth)


class _Scoring:
    """A forward with a memory: passes are the network's, log-probabilities are mixed."""

    def __init__(self, forward: Forward, mixing: Mixing) -> None:
        self._forward = forward
        self._mixing = mixing
        self._rows: Sequence[Encoded] = ()

    @property
    def network(self) -> PreTrainedModel:
        """The network that runs."""
        return self._forward.network

    def passes(self, rows: Sequence[Encoded], tokens_per_pass: int) -> Iterator[Any]:
        """Cut rows into passes; whose they are is known as long as one is asked for after the other."""
        for batch in self._forward.passes(rows, tokens_per_pass):
            self._rows = rows
            yield batch

    def hidden(self, batch: Any) -> Tensor:
        """Give what leaves the network's body, [B, T, D]."""
        return self._forward.hidden(batch)

    def logprobs(self, batch: Any) -> Tensor:
        """Give the mixed log-probability of every asked prediction in nats, shape [C]."""
        import torch

        with torch.no_grad(), listening(self.network, self._mixing.place) as heard:
            logprobs = self._forward.logprobs(batch)
            states, targets = asked(heard, batch), batch.asked(batch.targets_S)
        apart = self._mixing.datastore.apart(_whose(batch, self._rows))
        return self._mixing.logprobs(states, targets, logprobs, apart)


def _whose(batch: Any, rows: Sequence[Encoded]) -> Iterator[tuple[Encoded, int]]:
    """Give the rows of a pass, each with how many predictions it asks for."""
    for number, count in zip(batch.numbers, batch.counts, strict=True):
        yield rows[number], count
