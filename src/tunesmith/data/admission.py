"""Admit tokenised rows to training: hold them to the length limit, and refuse those with nothing to learn."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Place
from tunesmith.core.recipe import Data
from tunesmith.data.journal import Journal
from tunesmith.data.listing import LISTED_ROWS, listing

T = TypeVar("T", int, float)


@dataclass
class Admission:
    """What is known of the rows so far; `context` is the model's limit in tokens."""

    plan: Data
    context: int
    journal: Journal
    rows: int = 0
    masked: list[Place] = field(default_factory=list)
    number_masked: int = 0
    too_long: list[tuple[Place, int]] = field(default_factory=list)
    number_too_long: int = 0
    lengths: "array[int]" = field(default_factory=partial(array, "q"))

    @property
    def limit(self) -> int:
        """The longest sequence allowed, in tokens."""
        return min(self.plan.max_tokens or self.context, self.context)

    def admit(self, example: Example, sequences: list[Encoded]) -> list[Encoded] | None:
        """Give a row's sequences as they may be learned from; None for a row that is left out or refused."""
        self.rows += 1
        self.journal.tally.tokenise(sequences)
        if not any(any(sequence.weights) for sequence in sequences):
            self.number_masked += 1
            if len(self.masked) < LISTED_ROWS:
                self.masked.append(example.place)
            return None
        length = max(len(text) for sequence in sequences for text in (sequence.ids, *_sources(sequence)))
        self.lengths.append(length)
        return sequences if length <= self.limit else self._shorten(example, sequences, length)

    def check(self) -> None:
        """Raise BadData for what the plan does not allow."""
        if self.number_masked:
            raise BadData(self._masked_rows())
        if self.number_too_long and self.plan.too_long == "error":
            raise BadData(self._too_long_rows())

    def _shorten(self, example: Example, sequences: list[Encoded], length: int) -> list[Encoded] | None:
        self.number_too_long += 1
        if len(self.too_long) < LISTED_ROWS:
            self.too_long.append((example.place, length))
        if self.plan.too_long != "truncate":
            self.journal.drop(example, "too long", sequences=sequences)
            return None
        cut = [_cut(sequence, self.limit) for sequence in sequences]
        if all(any(short.weights) for short, whole in zip(cut, sequences, strict=True) if short is not whole):
            lost = sum(short.lost - whole.lost for short, whole in zip(cut, sequences, strict=True))
            self.journal.note(example, "cut", f"{lost:,} tokens")
            return cut
        self.journal.drop(example, "prompt fills the whole context", sequences=sequences)
        return None

    def _masked_rows(self) -> str:
        return listing(
            f"{self._share(self.number_masked)} have nothing to learn: their labels are all masked:",
            [str(place) for place in self.masked],
            self.number_masked,
            "Check the weights of their assistant turns, and that the chat template renders the answers.",
        )

    def _too_long_rows(self) -> str:
        return listing(
            f"{self._share(self.number_too_long)} are longer than {self.limit:,} tokens:",
            [f"{place}: {length:,} tokens" for place, length in self.too_long],
            self.number_too_long,
            f"Lengths of all rows: {_quantiles(self.lengths)}. Cut them off with data.too_long=truncate, "
            "leave them out with data.too_long=drop, or raise data.max_tokens "
            f"({self.plan.max_tokens or 'unset'}; the model's context is {self.context:,}).",
        )

    def _share(self, number: int) -> str:
        return f"{number:,} of {self.rows:,} rows"


def _cut(sequence: Encoded, limit: int) -> Encoded:
    """Cut a sequence off at the limit; what is read as a whole keeps its last token, which ends it."""
    ids, weights, targets = sequence.ids, sequence.weights, sequence.targets
    sources = [_ended(text, limit) for text in _sources(sequence)]
    source, second = sources[0], sequence.second
    if len(sources) == 2:
        source, second = sources[0] + sources[1], len(sources[0])
    if not targets:
        ids, weights = ids[:limit], weights[:limit]
    else:
        is_per_token = len(targets) == len(ids) and any(weights[1:])
        targets = _ended(targets, limit) if is_per_token else targets
        ids, weights = _ended(ids, limit), _ended(weights, limit)
    lost = len(sequence) + len(sequence.source) - len(ids) - len(source)
    if not lost:
        return sequence
    lost += sequence.lost
    return replace(
        sequence, ids=ids, weights=weights, targets=targets, source=source, second=second, lost=lost
    )


def _sources(sequence: Encoded) -> "tuple[array[int], ...]":
    """Give what is read before, apart where it is two texts."""
    if sequence.source and sequence.second:
        return sequence.source[: sequence.second], sequence.source[sequence.second :]
    return (sequence.source,)


def _ended(values: "array[T]", limit: int) -> "array[T]":
    return values if len(values) <= limit else values[: limit - 1] + values[-1:]


def _quantiles(lengths: Sequence[int]) -> str:
    ordered = sorted(lengths)
    shares = {"median": 0.5, "90 %": 0.9, "99 %": 0.99}
    found = [f"{name} {ordered[int(share * len(ordered))]:,}" for name, share in shares.items()]
    return ", ".join([*found, f"longest {ordered[-1]:,}"])
