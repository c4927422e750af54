"""The ledger: every row and token that came in, and what became of it."""

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
    """What was left out for one reason; a row that could not be read has no tokens."""

    rows: int = 0
    tokens: int = 0


@dataclass(frozen=True)
class Ledger:
    """Every row and token accounted for: in = trained + masked + truncated + dropped, by reason."""

    rows_in: int
    tokens_in: int
    splits: Mapping[str, SplitCount]
    dropped: Mapping[str, DropCount] = field(default_factory=dict[str, DropCount])
    notes: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise UnbalancedLedger unless all rows and tokens that came in are accounted for."""
        rows = sum(s.rows for s in self.splits.values()) + sum(d.rows for d in self.dropped.values())
        tokens = sum(s.tokens_trained + s.tokens_masked + s.tokens_truncated for s in self.splits.values())
        tokens += sum(d.tokens for d in self.dropped.values())
        if (rows, tokens) != (self.rows_in, self.tokens_in):
            raise UnbalancedLedger(
                f"The ledger does not balance: {self.rows_in} rows and {self.tokens_in} tokens came in, "
                f"{rows} rows and {tokens} tokens are accounted for. This is a bug; nothing was trained."
            )
