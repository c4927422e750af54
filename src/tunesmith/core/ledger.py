"""The ledger: every row and token that came in or was made, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tunesmith.core.errors import UnbalancedLedger


@dataclass(frozen=True, slots=True)
class SplitCount:
    """What one split holds. `tokens_trained` are predicted, `tokens_masked` only read."""

    rows: int = 0
    tokens_trained: int = 0
    tokens_masked: int = 0
    tokens_truncated: int = 0


@dataclass(frozen=True, slots=True)
class DropCount:
    """What was left out for one reason; a row that left before it was tokenised has no tokens."""

    rows: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class SourceCount:
    """What became of the rows of one source, those that were made from them included."""

    rows_in: int = 0
    made: int = 0
    dropped: int = 0
    splits: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Ledger:
    """Every row and token accounted for: read + made = trained + masked + truncated + dropped, by reason.

    `tokens_in` are all tokens that were counted, of rows read or made. `changed` counts rows by what a
    cleaner changed in them, `made` new rows by what made them. `sources` is empty where there is only one.
    """

    rows_in: int
    tokens_in: int
    splits: Mapping[str, SplitCount]
    dropped: Mapping[str, DropCount] = field(default_factory=dict[str, DropCount])
    changed: Mapping[str, int] = field(default_factory=dict[str, int])
    made: Mapping[str, int] = field(default_factory=dict[str, int])
    sources: Mapping[str, SourceCount] = field(default_factory=dict[str, SourceCount])
    notes: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise UnbalancedLedger unless all rows and tokens that came in are accounted for."""
        rows = sum(s.rows for s in self.splits.values()) + sum(d.rows for d in self.dropped.values())
        tokens = sum(s.tokens_trained + s.tokens_masked + s.tokens_truncated for s in self.splits.values())
        tokens += sum(d.tokens for d in self.dropped.values())
        came = self.rows_in + sum(self.made.values())
        if (rows, tokens) != (came, self.tokens_in):
            raise UnbalancedLedger(
                f"The ledger does not balance: {came} rows and {self.tokens_in} tokens came in, "
                f"{rows} rows and {tokens} tokens are accounted for. This is a bug; nothing was trained."
            )
        for name, source in self.sources.items():
            if source.rows_in + source.made != source.dropped + sum(source.splits.values()):
                raise UnbalancedLedger(
                    f"The ledger does not balance: of {name} {source.rows_in + source.made} rows came in, "
                    f"{source.dropped + sum(source.splits.values())} are accounted for. "
                    "This is a bug; nothing was trained."
                )
