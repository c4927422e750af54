"""Lengths: how many tokens rows have, how many of them are learned, and what does not fit."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material
from tunesmith.core.cards import Encoded
from tunesmith.core.contracts import Check
from tunesmith.data.findings import numbered
from tunesmith.data.source._refused import excerpt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUANTILES = {"median": 0.5, "90 %": 0.9, "99 %": 0.99}

SHORTEST_BAR = 16
"""Rows of at most so many tokens are one bar of the chart; each further bar reaches twice as far."""


@dataclass(frozen=True, kw_only=True)
class Lengths(Check):
    """Measure rows in tokens: how long they are, how much is learned, what does not fit or hardly answers."""

    full: Annotated[
        float, Field(gt=0, le=1, description="From which share of the limit on a prompt leaves little room.")
    ] = 0.9
    short: Annotated[
        int,
        Field(ge=1, description="Up to how many learned tokens an answer is very short, its end included."),
    ] = 3

    def look(self, material: Material) -> list[Finding]:
        """Measure every split; prompts and answers are told apart in conversations only."""
        measured = {split: _Measured.of(tokens) for split, tokens in material.tokens.items()}
        seen = _Seen(material, measured)
        found = [*_cut(seen)]
        if material.kind in ("conversations", "pairs"):
            found += [*self._long_prompts(seen), *self._short_answers(seen)]
        return [*found, *_quantiles(seen)]

    def _long_prompts(self, seen: _Seen) -> Iterator[Finding]:
        bound = self.full * seen.material.limit
        masks = {split: own.prompts >= bound for split, own in seen.measured.items()}
        if number := _count(masks):
            yield Finding(
                "lengths",
                "warning",
                f"{numbered(number, 'row has a prompt', 'rows have prompts')} of {self.full:.0%} of the "
                f"limit of {seen.material.limit:,} tokens or more: little room is left for an answer.",
                rows=number,
                examples=seen.examples(masks, "prompts"),
                remedy="Shorten these prompts, or raise data.max_tokens if the base allows it.",
            )

    def _short_answers(self, seen: _Seen) -> Iterator[Finding]:
        masks = {split: own.learned <= self.short for split, own in seen.measured.items()}
        if number := _count(masks):
            yield Finding(
                "lengths",
                "note",
                f"{numbered(number, 'row has an answer', 'rows have answers')} of at most "
                f"{self.short:,} tokens, the end included.",
                rows=number,
                examples=seen.examples(masks, "learned"),
                remedy="If they should say more: data.clean=[{name: length, answer_at_least: ...}].",
            )


@dataclass(frozen=True)
class _Measured:
    """The rows of one split in tokens: all, before what is learned, learned, lost, the longest sequence."""

    all: NDArray[np.int64]
    prompts: NDArray[np.int64]
    learned: NDArray[np.int64]
    lost: NDArray[np.int64]
    longest: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[Sequence[Encoded]]) -> _Measured:
        import numpy as np

        columns = [array("q") for _ in range(5)]
        for sequences in rows:
            worth = [np.asarray(sequence.weights) != 0 for sequence in sequences]
            values = (
                sum(map(len, worth)),
                max((int(own.argmax()) for own in worth), default=0),
                sum(int(np.count_nonzero(own)) for own in worth),
                sum(sequence.lost for sequence in sequences),
                max(map(len, worth), default=0),
            )
            for column, value in zip(columns, values, strict=True):
                column.append(value)
        return cls(*(np.array(column, np.int64) for column in columns))


@dataclass(frozen=True)
class _Seen:
    """What is looked at, and its measures by split."""

    material: Material
    measured: Mapping[str, _Measured]

    def examples(self, masks: Mapping[str, NDArray[np.bool_]], column: str) -> tuple[str, ...]:
        """Show the first rows that masks choose, with one of their measures."""
        shown: list[str] = []
        for split, mask in masks.items():
            values = {"prompts": self.measured[split].prompts, "learned": self.measured[split].learned}
            values |= {"lost": self.measured[split].lost, "longest": self.measured[split].longest}
            for number in mask.nonzero()[0][: MOST_EXAMPLES - len(shown)].tolist():
                row = self.material.rows[split][number]
                amount = int(values[column][number])
                shown.append(f"{row.name}: {amount:,} tokens: {excerpt(row.reference)}")
        return tuple(shown)


def _cut(seen: _Seen) -> Iterator[Finding]:
    lost = {split: own.lost > 0 for split, own in seen.measured.items()}
    if number := _count(lost):
        tokens = sum(int(own.lost.sum()) for own in seen.measured.values())
        share = tokens / (tokens + sum(int(own.all.sum()) for own in seen.measured.values()))
        yield Finding(
            "lengths",
            "warning",
            f"{numbered(number, 'row was', 'rows were')} cut at {seen.material.limit:,} tokens, and lost "
            f"{tokens:,} ({share:.1%} of all tokens): their answers end in the middle.",
            rows=number,
            examples=seen.examples(lost, "lost"),
            remedy="data.too_long=drop leaves them out; data.max_tokens raises the limit, if the base can.",
        )
    over = {split: own.longest > seen.material.limit for split, own in seen.measured.items()}
    if number := _count(over):
        yield Finding(
            "lengths",
            "warning",
            f"{numbered(number, 'row is', 'rows are')} longer than the limit of "
            f"{seen.material.limit:,} tokens.",
            rows=number,
            examples=seen.examples(over, "longest"),
            remedy="data.too_long=drop leaves them out, data.too_long=truncate cuts them off.",
        )


def _quantiles(seen: _Seen) -> Iterator[Finding]:
    said = [_sentence(split, own) for split, own in seen.measured.items() if len(own.all)]
    if said:
        yield Finding(
            "lengths",
            "note",
            " ".join(said),
            rows=sum(len(own.all) for own in seen.measured.values()),
            chart=_bars(seen.measured.get("train", next(iter(seen.measured.values()))).all),
        )


def _sentence(split: str, own: _Measured) -> str:
    ordered = sorted(own.all.tolist())
    found = [f"{name} {ordered[int(share * len(ordered))]:,}" for name, share in QUANTILES.items()]
    learned = own.learned.sum() / max(own.all.sum(), 1)
    return (
        f"{split.capitalize()}: {numbered(len(ordered), 'row')}, in tokens {', '.join(found)}, longest "
        f"{ordered[-1]:,}; {learned:.1%} of all tokens are learned."
    )


def _bars(lengths: NDArray[np.int64]) -> dict[str, float]:
    """Count rows by length: each bar reaches twice as far as the one before."""
    bars: dict[str, float] = {}
    low, high, longest = 0, SHORTEST_BAR, int(lengths.max(initial=0))
    while low < longest:
        bars[f"{low + 1:,} to {high:,}"] = int(((lengths > low) & (lengths <= high)).sum())
        low, high = high, 2 * high
    return bars


def _count(masks: Mapping[str, NDArray[np.bool_]]) -> int:
    return sum(int(mask.sum()) for mask in masks.values())
