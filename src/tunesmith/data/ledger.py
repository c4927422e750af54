"""Account for every row and token: counted when they come in, counted again where they end up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import DamagedFile, UnbalancedLedger
from tunesmith.core.ledger import DropCount, Ledger, SourceCount, SplitCount
from tunesmith.core.registry import explain

FORMAT = 2
"""Version of ledger.json."""


@dataclass
class Tally:
    """Counts rows and tokens while they stream through; what is kept is counted only at the end.

    Nothing is derived from anything else, so that a row lost on the way unbalances the ledger.
    """

    rows_in: int = 0
    tokens_in: int = 0
    dropped: dict[str, DropCount] = field(default_factory=dict)
    changed: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    read_from: Counter[str] = field(default_factory=Counter)
    made_from: Counter[str] = field(default_factory=Counter)
    dropped_from: Counter[str] = field(default_factory=Counter)
    kept_from: dict[str, Counter[str]] = field(default_factory=dict)

    def read(self, source: str) -> None:
        """Count one row that came in."""
        self.rows_in += 1
        self.read_from[source] += 1

    def make(self, maker: str, source: str) -> None:
        """Count one row that was made from another."""
        self.made[maker] += 1
        self.made_from[source] += 1

    def tokenise(self, sequences: Sequence[Encoded]) -> None:
        """Count the tokens of a row, those cut off before included."""
        self.tokens_in += _tokens(sequences)

    def drop(self, reason: str, source: str, sequences: Sequence[Encoded] = ()) -> None:
        """Count one row that is left out, with its tokens if they were counted before."""
        before = self.dropped.get(reason, DropCount())
        self.dropped[reason] = DropCount(before.rows + 1, before.tokens + _tokens(sequences))
        self.dropped_from[source] += 1

    def keep(self, split: str, source: str) -> None:
        """Count one row that is kept, for the account by source."""
        self.kept_from.setdefault(source, Counter())[split] += 1

    def close(self, splits: Mapping[str, SplitCount], notes: Sequence[str] = ()) -> Ledger:
        """Add what is kept, by split; raises UnbalancedLedger if anything is missing."""
        ledger = Ledger(
            self.rows_in,
            self.tokens_in,
            dict(splits),
            dict(self.dropped),
            dict(self.changed),
            dict(self.made),
            self._sources(),
            tuple(notes),
        )
        ledger.check()
        return ledger

    def _sources(self) -> dict[str, SourceCount]:
        names = list(dict.fromkeys((*self.read_from, *self.made_from, *self.dropped_from, *self.kept_from)))
        if len(names) < 2:
            return {}
        kept = {name: dict(self.kept_from.get(name, Counter())) for name in names}
        return {
            name: SourceCount(self.read_from[name], self.made_from[name], self.dropped_from[name], kept[name])
            for name in names
        }


def describe(ledger: Ledger) -> list[str]:
    """Say in a few plain sentences what became of the rows and tokens."""
    splits = ledger.splits.items()
    used = ", ".join(f"{count.rows:,} for {name}" for name, count in splits)
    dropped = sum(count.rows for count in ledger.dropped.values())
    said = [f"{_rows(ledger.rows_in)} read: {used}, {dropped:,} dropped."]
    said += [
        f"Dropped, {reason}: {_rows(c.rows)}, {c.tokens:,} tokens." for reason, c in ledger.dropped.items()
    ]
    said += [f"Changed, {reason}: {_rows(number)}." for reason, number in ledger.changed.items()]
    said += [f"Made by {maker}: {_rows(number)}." for maker, number in ledger.made.items()]
    said += [_of_source(name, source) for name, source in ledger.sources.items()]
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
            f"ledger.json: format {found!r}, this version reads {FORMAT}. Run the recipe again."
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


def _of_source(name: str, source: SourceCount) -> str:
    used = ", ".join(f"{rows:,} for {split}" for split, rows in source.splits.items())
    made = f", {source.made:,} made from them" if source.made else ""
    return (
        f"Of {name}: {_rows(source.rows_in)} read{made}: {used or 'none used'}, {source.dropped:,} dropped."
    )


def _tokens(sequences: Sequence[Encoded]) -> int:
    return sum(sequence.read + sequence.lost for sequence in sequences)


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


_CARD = TypeAdapter(Ledger)
_REMEDY = "The file was changed; run the recipe again to write it anew."
