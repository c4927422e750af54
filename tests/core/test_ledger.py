from dataclasses import fields, replace

import pytest

from tunesmith.core.errors import UnbalancedLedger
from tunesmith.core.ledger import DropCount, Ledger, SplitCount


def balanced() -> Ledger:
    return Ledger(
        rows_in=12,
        tokens_in=200,
        splits={
            "train": SplitCount(rows=8, tokens_trained=100, tokens_masked=50, tokens_truncated=5),
            "validation": SplitCount(rows=1, tokens_trained=10, tokens_masked=5),
            "test": SplitCount(rows=1, tokens_trained=10, tokens_masked=5),
        },
        dropped={"too long": DropCount(rows=1, tokens=15), "not valid JSON": DropCount(rows=1)},
    )


def test_a_ledger_in_which_everything_is_accounted_for_passes() -> None:
    balanced().check()
    Ledger(rows_in=0, tokens_in=0, splits={}).check()


@pytest.mark.parametrize("field", ["rows_in", "tokens_in"])
@pytest.mark.parametrize("error", [-1, 1])
def test_one_row_or_token_unaccounted_for_is_refused(field: str, error: int) -> None:
    ledger = balanced()
    with pytest.raises(UnbalancedLedger, match="12 rows and 200 tokens are accounted for"):
        replace(ledger, **{field: getattr(ledger, field) + error}).check()


@pytest.mark.parametrize("field", [field.name for field in fields(SplitCount)])
def test_every_count_of_a_split_is_part_of_the_balance(field: str) -> None:
    ledger = balanced()
    train = ledger.splits["train"]
    more = replace(train, **{field: getattr(train, field) + 1})
    with pytest.raises(UnbalancedLedger):
        replace(ledger, splits={**ledger.splits, "train": more}).check()


@pytest.mark.parametrize("field", [field.name for field in fields(DropCount)])
def test_every_count_of_what_was_dropped_is_part_of_the_balance(field: str) -> None:
    ledger = balanced()
    with pytest.raises(UnbalancedLedger):
        replace(ledger, dropped={**ledger.dropped, "other": DropCount(**{field: 1})}).check()
