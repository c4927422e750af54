"""What a model keeps beside it: made of the training rows, asked wherever the model is asked."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, overload

from tunesmith.core.cards import Encoded, Model
from tunesmith.core.contracts import Memory
from tunesmith.core.disk import Disk
from tunesmith.core.example import Example, Message
from tunesmith.core.hashing import hash_value
from tunesmith.core.memory import Forward, Passage, Processor, Reader, Recall, Remembered, Shown
from tunesmith.engine.fit import fit
from tunesmith.engine.rows import Reading
from tunesmith.lifecycle.models_at_hand import embed_with

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from tunesmith.data.dataset import Dataset


@dataclass(frozen=True)
class Recalls:
    """Several memories of one model, asked one after the other."""

    recalls: Sequence[Recall]

    def describe(self) -> tuple[str, ...]:
        """Say what is remembered, and how it is used."""
        return tuple(sentence for recall in self.recalls for sentence in recall.describe())

    def show(
        self,
        messages: Sequence[Message],
        count: Callable[[Sequence[Message]], int],
        limit: int,
        own: Remembered | None = None,
    ) -> Shown:
        """Let each memory put before the question what it has, within the limit for all together."""
        passages: list[Passage] = []
        left_out: list[Passage] = []
        turns = tuple(messages)
        for recall in self.recalls:
            shown = recall.show(turns, count, limit, own)
            turns = shown.messages
            passages += shown.passages
            left_out += shown.left_out
        return Shown(turns, tuple(passages), tuple(left_out))

    def scoring(self, forward: Forward) -> Forward:
        """Give a forward whose log-probabilities count on all memories."""
        for recall in self.recalls:
            forward = recall.scoring(forward)
        return forward

    @contextmanager
    def answering(self, network: PreTrainedModel) -> Generator[list[Processor]]:
        """Listen to a network for all memories, and give what changes its scores, in order."""
        with ExitStack() as stack:
            every = [stack.enter_context(recall.answering(network)) for recall in self.recalls]
            yield [processor for processors in every for processor in processors]

    def save(self, folder: Path) -> None:
        """Write every memory into a folder of its own, numbered."""
        folder.mkdir()
        for number, recall in enumerate(self.recalls):
            recall.save(folder / str(number))


def remember(
    model: Model, memories: Sequence[Memory], dataset: Dataset, folder: Path
) -> tuple[Model, list[str]]:
    """Build all memories from the training rows, tune them on the validation rows; say what was chosen.

    `folder` must not exist; it keeps what is remembered.
    """
    disk, said = Disk(), list[str]()
    rows = Rows.of(dataset.train, dataset.examples["train"])
    folder.mkdir(parents=True)
    with reading(model, made_with(model)) as reader:
        for number, memory in enumerate(memories):
            own = folder / str(number)
            memory.add(rows, own, reader, disk)
            if len(dataset.validation):
                said.append(memory.tune(dataset.validation, own, reader, disk))
    return recalling(model, memories, folder, made_with(model)), [one for one in said if one]


def recalling(model: Model, memories: Sequence[Memory], folder: Path, made: str) -> Model:
    """Give a model that asks the memories in a folder, which were made with it."""
    with reading(model, made) as reader:
        opened = [memory.open(folder / str(number), reader) for number, memory in enumerate(memories)]
    return replace(model, recall=Recalls(opened))


@contextmanager
def reading(model: Model, made: str) -> Generator[Reader]:
    """Give what memories read rows and questions with."""
    with fit(model.network, reading=Reading(model.family, model.task)) as forward:
        yield Reader(made, forward, embed_with(model))


def made_with(model: Model) -> str:
    """Name a model by its base and all that was learned: what it computes follows from both."""
    digest = sha256(model.fingerprint.encode())
    for name, parameter in model.network.named_parameters():
        if parameter.requires_grad or "lora_" in name:
            digest.update(name.encode() + parameter.detach().cpu().float().numpy().tobytes())
    return hash_value([digest.hexdigest()])


@dataclass(frozen=True)
class Rows(Sequence[Remembered]):
    """Training rows as memories take them, each once, read when they are asked for."""

    sequences: Sequence[Encoded]
    examples: Sequence[Example]
    places: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, sequences: Sequence[Encoded], examples: Sequence[Example]) -> Rows:
        """Find the sequences of each row; one that an epoch shows more than once counts once."""
        places: dict[str, list[int]] = {}
        seen: set[tuple[str, bytes]] = set()
        for place, sequence in enumerate(sequences):
            if (sequence.key, sequence.ids.tobytes()) not in seen:
                seen.add((sequence.key, sequence.ids.tobytes()))
                places.setdefault(sequence.key, []).append(place)
        return cls(sequences, examples, places)

    def __len__(self) -> int:
        return len(self.examples)

    @overload
    def __getitem__(self, number: int) -> Remembered: ...
    @overload
    def __getitem__(self, number: slice) -> list[Remembered]: ...
    def __getitem__(self, number: int | slice) -> Remembered | list[Remembered]:
        if isinstance(number, slice):
            return [self[place] for place in range(*number.indices(len(self)))]
        row = self.examples[number]
        own = tuple(self.sequences[place] for place in self.places.get(row.name, ()))
        return Remembered(row.name, row.source or row.place.file, row.whole, own)
