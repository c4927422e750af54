"""Class balance: how often each label occurs, and where; labels that look like another's spelling."""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Annotated

from pydantic import Field

from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.core.example import Example
from tunesmith.data.classes import classes
from tunesmith.data.findings import numbered
from tunesmith.data.source._refused import excerpt

MOST_BARS = 40
"""How many labels a chart shows; the others are one bar."""

LEAST_TYPED = 5
"""Shorter labels are not held for misspelt: too many words differ in one letter."""

MISSPELT = 0.05
"""A label counts as misspelt if it has at most this share of the rows of one that differs in one letter."""

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, kw_only=True)
class ClassBalance(Check):
    """Count the rows of every label; name labels that are rare, never trained, or spelt in several ways."""

    least_rows: Annotated[int, Field(ge=1, description="A label with fewer training rows is rare.")] = 10
    ratio: Annotated[
        float, Field(ge=1, description="Warn where one label has so many times the rows of another.")
    ] = 10.0

    def look(self, material: Material) -> list[Finding]:
        """Count labels by split; rows without a label, or with a number to predict, do not count."""
        labels = _Labels.of(material.rows)
        if not labels.every:
            return []
        found = [*_untrained(labels), *_spellings(labels), *self._rare(labels), *self._balance(labels)]
        return sorted(found, key=lambda finding: finding.severity == "note")

    def _rare(self, labels: _Labels) -> Iterator[Finding]:
        rare = {label: number for label, number in labels.training.items() if number < self.least_rows}
        if rare:
            yield Finding(
                "class_balance",
                "warning",
                f"{len(rare):,} of {len(labels.training):,} labels have fewer than {self.least_rows:,} "
                f"training rows: {numbered(sum(rare.values()), 'row')} in all.",
                rows=sum(rare.values()),
                examples=labels.shown(sorted(rare, key=lambda label: (rare[label], label)), rare),
                remedy="Collect more rows for them"
                + (
                    "."
                    if labels.is_weighed
                    else ", or have rare ones shown more often: data.clean=[{name: balance, how: repeat}]."
                ),
            )

    def _balance(self, labels: _Labels) -> Iterator[Finding]:
        ordered = labels.training.most_common()
        if not ordered:
            return
        (first, most), (last, least) = ordered[0], ordered[-1]
        low, high = min(labels.weight.values()), max(labels.weight.values())
        uneven = high >= self.ratio * low and len(ordered) > 1
        weighed = f" As rows are repeated and weighted, they count as {low:,.1f} to {high:,.1f} rows."
        yield Finding(
            "class_balance",
            "warning" if uneven or len(ordered) == 1 else "note",
            f"{len(ordered):,} labels in {labels.rows:,} training rows, from {least:,} ({excerpt(last)}) to "
            f"{most:,} ({excerpt(first)}); as even as {_effective(ordered):.1f} labels with equally many."
            f"{weighed if labels.is_weighed else ''}"
            if len(ordered) > 1
            else f"All {labels.rows:,} training rows have the same label: {excerpt(first)}.",
            rows=labels.rows,
            remedy=_remedy(labels) if uneven else "",
            chart=_bars(ordered),
        )


@dataclass
class _Labels:
    """How often labels occur, in training and in all splits, and where each occurs first."""

    rows: int = 0
    training: Counter[str] = field(default_factory=Counter[str])
    every: Counter[str] = field(default_factory=Counter[str])
    first: dict[str, str] = field(default_factory=dict[str, str])
    weight: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def is_weighed(self) -> bool:
        """Does an epoch count some rows more than once, or less?"""
        return self.weight != self.training

    @classmethod
    def of(cls, splits: Mapping[str, Sequence[Example]]) -> _Labels:
        labels = cls()
        for split, rows in splits.items():
            for row in rows:
                own = classes(row)
                labels.every.update(own)
                if split == "train":
                    labels.rows += bool(own)
                    labels.training.update(own)
                    worth = row.times * (row.messages[-1].weight if row.messages else 1)
                    for label in own:
                        labels.weight[label] = labels.weight.get(label, 0) + worth
                for label in own:
                    if label not in labels.first:
                        labels.first[label] = row.name
        return labels

    def shown(self, names: Sequence[str], counts: Mapping[str, int]) -> tuple[str, ...]:
        """Say where the first of some labels begin, and how many rows they have."""
        return tuple(
            f'{self.first[label]}: "{excerpt(label)}" in {numbered(counts[label], "row")}'
            for label in names[:MOST_EXAMPLES]
        )


def _remedy(labels: _Labels) -> str:
    if labels.is_weighed:
        return "Rows for the rare ones help most; `most` of balance is how far they can be repeated."
    return "data.clean=[{name: balance}] evens them out."


def _untrained(labels: _Labels) -> Iterator[Finding]:
    names = sorted(labels.every.keys() - labels.training.keys())
    if names:
        yield Finding(
            "class_balance",
            "warning",
            f"{numbered(len(names), 'label occurs', 'labels occur')} in validation or test only, where "
            "nothing is learned.",
            rows=sum(labels.every[label] for label in names),
            examples=labels.shown(names, labels.every),
            remedy="data.split={by: stratified} has each label on every side, as far as its rows suffice.",
        )


def _spellings(labels: _Labels) -> Iterator[Finding]:
    pairs = _followed({**_misspelt(labels.every), **_folded(labels.every)})
    if pairs:
        names = sorted(pairs, key=lambda label: (-labels.every[label], label))
        written = json.dumps({name: pairs[name] for name in names[:MOST_EXAMPLES]}, ensure_ascii=False)
        yield Finding(
            "class_balance",
            "warning",
            f"{numbered(len(pairs), 'label looks', 'labels look')} like another spelling of a more "
            "frequent one.",
            rows=sum(labels.every[label] for label in names),
            examples=tuple(
                f'{shown}, like "{excerpt(pairs[name])}" in {labels.every[pairs[name]]:,}'
                for shown, name in zip(labels.shown(names, labels.every), names, strict=False)
            ),
            remedy=f"data.clean=[{{name: relabel, names: {written}}}] joins them, if that is what they are.",
        )


def _followed(pairs: Mapping[str, str]) -> dict[str, str]:
    """Lead each label to the last one of its chain: the others will be gone. Each is rarer than the next."""
    ends = dict(pairs)
    for name in pairs:
        while ends[name] in pairs:
            ends[name] = pairs[ends[name]]
    return ends


def _folded(counts: Counter[str]) -> dict[str, str]:
    """Find labels that differ from a more frequent one in case, spaces, underscores or hyphens only."""
    most: dict[str, str] = {}
    pairs: dict[str, str] = {}
    for label, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        first = most.setdefault(_fold(label), label)
        if first != label:
            pairs[label] = first
    return pairs


def _fold(label: str) -> str:
    """Write a label as its other spellings would be; signs at its ends stay: A and A- are two grades."""
    spaced = re.sub(r"(?<=\w)-(?=\w)", " ", label.casefold().replace("_", " "))
    return " ".join(spaced.split()).removesuffix(".")


def _misspelt(counts: Counter[str]) -> dict[str, str]:
    """Find rare labels that differ from a frequent one in one letter, or two that are swapped."""
    neighbours: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for label in counts:
        if (
            len(label) >= LEAST_TYPED
        ):  # labels one letter apart are equal once each has lost one, or one of them
            numbers = _NUMBER.findall(label)  # those that differ are no typing error
            for text in (label, *(label[:place] + label[place + 1 :] for place in range(len(label)))):
                neighbours[text, *numbers].add(label)
    pairs: dict[str, str] = {}
    for some in neighbours.values():
        for one, other in combinations(sorted(some), 2):
            rare, frequent = sorted((one, other), key=lambda label: counts[label])
            if counts[rare] <= MISSPELT * counts[frequent] and _is_typing_error(one, other):
                pairs[rare] = frequent
    return pairs


def _is_typing_error(one: str, other: str) -> bool:
    """Say whether one letter was left out, added, changed, or swapped with the next."""
    short, long = sorted((one, other), key=len)
    same = next((place for place, sign in enumerate(short) if sign != long[place]), len(short))
    rest, other_rest = short[same:], long[same:]
    if len(short) < len(long):
        return rest == other_rest[1:]
    return rest[1:] == other_rest[1:] or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])


def _effective(ordered: Sequence[tuple[str, int]]) -> float:
    """Give the number of equally frequent labels that would be as hard to guess: the exponential of the
    entropy."""
    total = sum(number for _, number in ordered)
    return math.exp(-sum(number / total * math.log(number / total) for _, number in ordered))


def _bars(ordered: Sequence[tuple[str, int]]) -> dict[str, float]:
    if len(ordered) <= MOST_BARS:
        return dict(ordered)
    others = ordered[MOST_BARS - 1 :]
    return {**dict(ordered[: MOST_BARS - 1]), f"{len(others):,} others": sum(number for _, number in others)}
