"""Account for every row and token: counted when they come in, counted again where they end up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import DamagedFile, UnbalancedLedger
from tunesmith.core.ledger import DropCount, Ledger, SplitCount
from tunesmith.core.registry import explain

FORMAT = 1
"""Version of ledger.json."""


@dataclass
class Tally:
    """Counts rows and tokens while they stream through; what is kept is counted only at the end.

    Nothing is derived from anything else, so that a row lost on the way unbalances the ledger.
    """

    rows_in: int = 0
    tokens_in: int = 0
    dropped: dict[str, DropCount] = field(default_factory=dict)

    def enter(self, sequences: Sequence[Encoded] = ()) -> None:
        """Count one row that came in, with its tokens if it could be read."""
        self.rows_in += 1
        self.tokens_in += sum(len(sequence.ids) + sequence.lost for sequence in sequences)

    def drop(self, reason: str, sequences: Sequence[Encoded] = ()) -> None:
        """Count one row that is left out."""
        before = self.dropped.get(reason, DropCount())
        tokens = sum(len(sequence.ids) + sequence.lost for sequence in sequences)
        self.dropped[reason] = DropCount(before.rows + 1, before.tokens + tokens)

    def close(self, rows: Mapping[str, Sequence[Sequence[Encoded]]], notes: Sequence[str] = ()) -> Ledger:
        """Count what is kept, by split; raises UnbalancedLedger if anything is missing."""
        splits = {name: _count(kept) for name, kept in rows.items()}
        ledger = Ledger(self.rows_in, self.tokens_in, splits, dict(self.dropped), tuple(notes))
        ledger.check()
        return ledger


def describe(ledger: Ledger) -> list[str]:
    """Say in a few plain sentences what became of the rows and tokens."""
    splits = ledger.splits.items()
    used = ", ".join(f"{count.rows:,} for {name}" for name, count in splits)
    dropped = sum(count.rows for count in ledger.dropped.values())
    said = [f"{_rows(ledger.rows_in)} read: {used}, {dropped:,} dropped."]
    said += [
        f"Dropped, {reason}: {_rows(c.rows)}, {c.tokens:,} tokens." for reason, c in ledger.dropped.items()
    ]
    train = ledger.splits.get("train", SplitCount())
    kept = train.tokens_trained + train.tokens_masked
    if kept:
        share = f"{train.tokens_trained:,} ({train.tokens_trained / kept:.1%})"
        said.append(f"Of {kept:,} training tokens {share} are learned, the others only read.")
    if cut := sum(count.tokens_truncated for _, count in splits):
        said.append(
            f"{cut:,} tokens ({cut / ledger.tokens_in:.1%} of all) were cut off rows that were too long."
        )
    return [*said, *ledger.notes]


def to_json(ledger: Ledger) -> dict[str, Any]:
    """Give the content of ledger.json: plain JSON types, with the version of the format."""
    return {"format": FORMAT, **_CARD.dump_python(ledger, mode="json")}


def from_json(value: Mapping[str, Any]) -> Ledger:
    """Read back what `to_json` gave; raises DamagedFile for anything else."""
    if value.get("format") != FORMAT:
        found = value.get("format")
        raise DamagedFile(
            f"ledger.json: format {found!r}, this version reads {FORMAT}. Use a newer tunesmith."
        )
    try:
        ledger = _CARD.validate_python({name: part for name, part in value.items() if name != "format"})
        ledger.check()
    except ValidationError as error:
        raise DamagedFile(f"{explain(error, 'ledger.json', [])}. {_REMEDY}") from None
    except UnbalancedLedger:
        raise DamagedFile(f"ledger.json: rows or tokens do not add up. {_REMEDY}") from None
    if to_json(ledger) != value:
        raise DamagedFile(f"ledger.json holds more than a ledger. {_REMEDY}")
    return ledger


def _count(rows: Sequence[Sequence[Encoded]]) -> SplitCount:
    trained = sum(sequence.trained for row in rows for sequence in row)
    masked = sum(sequence.weights.count(0.0) for row in rows for sequence in row)
    truncated = sum(sequence.lost for row in rows for sequence in row)
    return SplitCount(len(rows), trained, masked, truncated)


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


_CARD = TypeAdapter(Ledger)
_REMEDY = "The file was changed; run the recipe again to write it anew."
