"""What happened to single rows, one line each, and the counts that the ledger is made of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tunesmith.core.cards import Encoded
from tunesmith.core.example import BadRow, Example
from tunesmith.data.ledger import Tally

MADE_BY = "made by "
"""How the reasons begin for which made rows are left out: they are counted apart from rows that were read."""

ONE_SOURCE = "data"
"""What rows are counted under whose source has no name."""


@dataclass
class Journal:
    """Writes down every row that was dropped, changed, cut or made; rows that are left alone have no line."""

    path: Path
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self._file = self.path.open("w", encoding="utf-8", newline="\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def refuse(self, row: BadRow) -> None:
        """Count and write down a row that cannot be read."""
        source = row.source or ONE_SOURCE
        self.tally.read(source)
        self.tally.drop(row.reason, source)
        self._write(str(row.place), "dropped", row.reason)

    def drop(
        self, example: Example, reason: str, detail: str = "", sequences: Sequence[Encoded] = ()
    ) -> None:
        """Count and write down a row that is left out; it has sequences if their tokens were counted."""
        if example.made_by:
            reason = f"{MADE_BY}{maker_of(example)}: {reason}"
        self.tally.drop(reason, source_of(example), sequences)
        self._write(example.name, "dropped", reason, detail)

    def change(self, example: Example, reason: str, detail: str = "") -> None:
        """Count and write down a row that was changed."""
        self.tally.changed[reason] += 1
        self._write(example.name, "changed", reason, detail)

    def make(self, example: Example, maker: str) -> None:
        """Count and write down a row that was made from the one at its place."""
        self.tally.make(maker, source_of(example))
        self._write(example.name, "made", maker)

    def note(self, example: Example, what: str, reason: str) -> None:
        """Write down what the ledger counts by tokens."""
        self._write(example.name, what, reason)

    def _write(self, row: str, what: str, reason: str, detail: str = "") -> None:
        line = {"row": row, "what": what, "reason": reason} | ({"detail": detail} if detail else {})
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")


def maker_of(example: Example) -> str:
    """Name what made a row, without the number of its try."""
    return example.made_by.partition(" ")[0]


def source_of(example: Example) -> str:
    """Name the source that a row is counted under."""
    return example.source or ONE_SOURCE
