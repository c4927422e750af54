"""Rows become token sequences; what was tokenised once is read from the cache as long as nothing changed."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from inspect import getfile
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from tunesmith.core.cache import Cache
from tunesmith.core.cards import Chat, Encoded
from tunesmith.core.contracts import Objective
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example
from tunesmith.core.hashing import hash_file, hash_value
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.core.workers import in_order, usable
from tunesmith.data.rows import saying

KIND = "tokens"
LIBRARIES = ("transformers", "tokenizers", "jinja2")
"""What renders and tokenises besides Tunesmith's own code."""


ROWS_AT_ONCE = 4096
"""How many rows are kept in the cache as one."""

MANY_PARTS = 4
"""From how many such parts on it is worth having several processes encode them."""


@dataclass
class Encoder:
    """Encodes rows as an objective wants them; each sequence has the name of its row as its key.

    `computed` and `read` count the rows that were tokenised and those found in the cache.
    """

    objective: Objective
    chat: Chat
    cache: Cache | None = None
    task: Task = LANGUAGE
    computed: int = 0
    read: int = 0

    def begin(self, rows: Mapping[str, Iterable[Example]]) -> Task:
        """Find what the network is to say of such rows, given by split, before the first is encoded."""
        self.task = self.objective.task(rows)
        return self.task

    def stream(self, rows: Sequence[Example]) -> Iterator[list[Encoded]]:
        """Give the token sequences of each row, in order; of many rows, several processes encode parts.

        Rows that lie on a disk are never all in memory. Raises BadData for one that cannot be rendered.
        """
        starts = range(0, len(rows), ROWS_AT_ONCE)

        def part(number: int) -> tuple[list[list[Encoded]], int]:
            before = self.read
            found = self.encode(rows[starts[number] : starts[number] + ROWS_AT_ONCE])
            return found, self.read - before

        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # it would warn of every process that begins
        several = len(starts) >= MANY_PARTS and usable() > 1
        for found, read in in_order(part, len(starts), None if several else 1):
            if several:  # what those processes counted is lost with them
                self.read += read
                self.computed += len(found) - read
            yield from found

    def encode(self, rows: Sequence[Example]) -> list[list[Encoded]]:
        """Give the token sequences of each row, in order; raises BadData for one that cannot be rendered."""
        key = self._key(rows) if self.cache and rows else None
        stored = self.cache.read(KIND, key) if self.cache and key else None
        if stored is not None:
            self.read += len(rows)
            found = unpack(stored)
        else:
            self.computed += len(rows)
            found = [self._encode(row) for row in rows]
            if self.cache and key:
                self.cache.write(KIND, key, pack(found))
        return [
            [replace(sequence, key=row.name) for sequence in sequences]
            for row, sequences in zip(rows, found, strict=True)
        ]

    def describe(self) -> str:
        """Say how many rows were tokenised, and how many did not have to be."""
        if not self.read:
            return f"{self.computed:,} rows tokenised."
        return f"{self.computed:,} rows tokenised, {self.read:,} read from the cache of an earlier run."

    def _encode(self, row: Example) -> list[Encoded]:
        try:
            return self.objective.encode(row, self.chat, self.task)
        except BadData as error:
            raise BadData(f"{row.place}: {error}") from None

    def _key(self, rows: Sequence[Example]) -> dict[str, Any]:
        kind = type(self.objective)
        return {
            "rows": hash_value([[saying(row), dict(row.fields)] for row in rows]),
            "chat": self.chat.fingerprint,
            "task": asdict(self.task),
            "objective": [kind.__module__, kind.__qualname__, hash_value(vars(self.objective))],
            "written in": hash_file(Path(getfile(kind))),  # it may come from elsewhere
            "versions": [version(name) for name in LIBRARIES],
        }


def pack(rows: Sequence[Sequence[Encoded]]) -> bytes:
    """Write the token sequences of rows as one safetensors file; weights as runs of equal ones."""
    sequences = [sequence for row in rows for sequence in row]
    ids = _joined([sequence.ids for sequence in sequences], "int32")
    weights = _joined([sequence.weights for sequence in sequences], "float32")
    starts = np.flatnonzero(np.diff(weights, prepend=np.nan) != 0)  # nan differs from whatever comes first
    return save(
        {
            "pieces": np.array([len(row) for row in rows], dtype=np.int32),
            "lengths": np.array([len(sequence) for sequence in sequences], dtype=np.int32),
            "lost": np.array([sequence.lost for sequence in sequences], dtype=np.int64),
            "second": np.array([sequence.second for sequence in sequences], dtype=np.int32),
            "targets": _joined([sequence.targets for sequence in sequences], "float64"),
            "wanted": np.array([len(sequence.targets) for sequence in sequences], dtype=np.int32),
            "source": _joined([sequence.source for sequence in sequences], "int32"),
            "before": np.array([len(sequence.source) for sequence in sequences], dtype=np.int32),
            "ids": ids.astype(np.uint16) if ids.max(initial=0) < 2**16 else ids,
            "weights": weights[starts],
            "runs": np.diff(starts, append=len(weights)).astype(np.int32),
        }
    )


def unpack(content: bytes) -> list[list[Encoded]]:
    """Take back what `pack` wrote; keys are left empty."""
    stored = load(content)
    ends = np.cumsum(stored["lengths"])
    ids = np.split(stored["ids"].astype(np.int32), ends)[:-1]
    weights = np.split(np.repeat(stored["weights"], stored["runs"]), ends)[:-1]
    targets = np.split(stored["targets"], np.cumsum(stored["wanted"]))[:-1]
    source = np.split(stored["source"], np.cumsum(stored["before"]))[:-1]
    lost: list[int] = stored["lost"].tolist()
    second: list[int] = stored["second"].tolist()
    every = map(_encoded, ids, weights, lost, targets, source, second)
    return [list(islice(every, count)) for count in stored["pieces"].tolist()]


def _joined(parts: Sequence[array[Any]], dtype: str) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *(np.asarray(part, dtype) for part in parts)])


def _encoded(*parts: Any) -> Encoded:
    ids, weights, lost, targets, source, second = parts
    return Encoded(
        array("i", ids.tobytes()),
        array("f", weights.tobytes()),
        "",
        lost,
        array("d", targets.tobytes()),
        array("i", source.tobytes()),
        second,
    )
