"""What is wanted of a token sequence, and where in it: the same five arrays whatever the task.

Letters behind names: B rows, T tokens, C predictions asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tunesmith.core.cards import Encoded
from tunesmith.core.task import LANGUAGE, Family, Task
from tunesmith.engine.forest import Floats, Ids

Wanted = Literal["next", "places", "whole"]
"""What is wanted: the token after each, something in a token's own place, or something of a whole row."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a network reads rows, and what it says of them."""

    family: Family = "decoder"
    task: Task = LANGUAGE

    @property
    def wanted(self) -> Wanted:
        """What is wanted of a row."""
        if self.task.says == "language":
            return "places" if self.family == "encoder" else "next"
        return "places" if self.task.says == "tags" else "whole"

    @property
    def reads_source(self) -> bool:
        """Does the network read one text before it begins with another?"""
        return self.family == "encoder-decoder" and self.wanted == "next"

    @property
    def is_causal(self) -> bool:
        """Does a token see only what comes before it?"""
        return self.family == "decoder" or self.reads_source


NEXT_TOKEN = Reading()


@dataclass(frozen=True, slots=True)
class Row:
    """A row as arrays: the ids that are read, where something is wanted, what, and what it is worth.

    `targets` has one line per place that is asked: the next token, a tag or a hidden token; for a row as a
    whole all that is wanted of it.
    """

    number: int
    ids: Ids
    asked: Ids
    targets: NDArray[np.int64] | NDArray[np.float64]
    weights: Floats
    source: Ids
    second: int

    @classmethod
    def of(cls, number: int, row: Encoded, reading: Reading) -> Row:
        """Read a token sequence; what comes after the last token that is predicted is left out."""
        ids = np.asarray(row.ids, dtype=np.int64)
        weights = np.asarray(row.weights, dtype=np.float32)
        source = np.asarray(row.source, dtype=np.int64)
        if reading.wanted == "whole":
            place = np.array([len(ids) - 1 if reading.is_causal else 0])
            wanted = np.asarray(row.targets, dtype=np.float64)[None]
            return cls(number, ids, place, wanted, weights[:1], source, row.second)
        asked = np.flatnonzero(weights)
        if reading.wanted == "places":
            targets = np.asarray(row.targets, dtype=np.float64)[asked].astype(np.int64)
            return cls(number, ids, asked, targets, weights[asked], source, row.second)
        return cls(number, ids[: asked[-1]], asked - 1, ids[asked], weights[asked], source, row.second)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def cost(self) -> int:
        """How many tokens are read."""
        return len(self.ids) + len(self.source)


def side_by_side(rows: Sequence[Ids], filler: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Put rows below each other, filled up on the right: ids [B, T], and which of them are real, [B, T]."""
    width = max(map(len, rows))
    ids = np.full((len(rows), width), filler, dtype=np.int64)
    real = np.zeros((len(rows), width), dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
        real[number, : len(row)] = 1
    return torch.from_numpy(ids).to(device), torch.from_numpy(real).to(device)


def second_parts(rows: Sequence[Row], places: Sequence[Ids], like: Tensor) -> Tensor | None:
    """Say which tokens belong to the second of two texts, in the shape of `like`; None where none does."""
    if not any(row.second for row in rows):
        return None
    parts = np.zeros(like.numel(), dtype=np.int64)
    for row, place in zip(rows, places, strict=True):
        if row.second:
            parts[place[row.second :]] = 1
    return torch.from_numpy(parts).view(like.shape).to(like.device)
