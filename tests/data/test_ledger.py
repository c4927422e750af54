import json
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import DamagedFile, UnbalancedLedger
from tunesmith.core.ledger import DropCount, Ledger, SplitCount
from tunesmith.data.ledger import Tally, describe, from_json, to_json


def sequence(trained: int, masked: int, lost: int = 0) -> Encoded:
    weights = array("f", [0.0] * masked + [1.0] * trained)
    return Encoded(ids=array("l", range(len(weights))), weights=weights, lost=lost)


def tally() -> Tally:
    counted = Tally()
    counted.enter()
    counted.drop("not valid JSON")
    for row in ([sequence(3, 2)], [sequence(1, 1), sequence(4, 0)], [sequence(5, 5)], [sequence(2, 2)]):
        counted.enter(row)
    counted.drop("too long", [sequence(5, 5)])
    return counted


KEPT = {
    "train": [[sequence(3, 2)], [sequence(1, 1), sequence(4, 0)]],
    "validation": [],
    "test": [[sequence(1, 2, 1)]],
}
LEDGER = Ledger(
    rows_in=5,
    tokens_in=25,
    splits={"train": SplitCount(2, 8, 3, 0), "validation": SplitCount(), "test": SplitCount(1, 1, 2, 1)},
    dropped={"not valid JSON": DropCount(1, 0), "too long": DropCount(1, 10)},
    notes=("A note.",),
)


def test_rows_and_tokens_are_accounted_for():
    assert tally().close(KEPT, ["A note."]) == LEDGER


def test_tokens_that_were_cut_off_before_came_in_too():
    counted = Tally()
    counted.enter([sequence(1, 1, lost=3)])
    assert counted.close({"train": [[sequence(1, 1, lost=3)]]}).tokens_in == 5


def test_a_lost_row_unbalances_the_ledger():
    with pytest.raises(UnbalancedLedger, match="5 rows and 25 tokens came in, 4 rows and 21 tokens"):
        tally().close({**KEPT, "test": []})


@pytest.mark.parametrize("changed", [sequence(1, 2), sequence(1, 1, 1), sequence(2, 2, 1)])
def test_a_changed_sequence_unbalances_the_ledger(changed):
    with pytest.raises(UnbalancedLedger):
        tally().close({**KEPT, "test": [[changed]]})


def test_a_row_used_twice_unbalances_the_ledger():
    with pytest.raises(UnbalancedLedger):
        tally().close({**KEPT, "validation": KEPT["test"]})


def test_a_weight_that_is_no_number_is_still_one_token():
    counted = Tally()
    odd = Encoded(ids=array("l", [1, 2]), weights=array("f", [0.0, float("nan")]))
    counted.enter([odd])
    assert counted.close({"train": [[odd]]}).splits["train"].tokens_trained == 1


def test_the_account_is_said_in_plain_sentences():
    assert describe(LEDGER) == [
        "5 rows read: 2 for train, 0 for validation, 1 for test, 2 dropped.",
        "Dropped, not valid JSON: 1 row, 0 tokens.",
        "Dropped, too long: 1 row, 10 tokens.",
        "Of 11 training tokens 8 (72.7%) are learned, the others only read.",
        "1 tokens (4.0% of all) were cut off rows that were too long.",
        "A note.",
    ]


numbers = st.integers(0, 2**60)
splits = st.builds(SplitCount, numbers, numbers, numbers, numbers)
drops = st.dictionaries(st.text(), st.builds(DropCount, numbers, numbers))


@given(st.dictionaries(st.text(), splits), drops, st.lists(st.text()).map(tuple))
def test_a_ledger_survives_writing_and_reading(counts, dropped, notes):
    rows = sum(c.rows for c in counts.values()) + sum(d.rows for d in dropped.values())
    tokens = sum(c.tokens_trained + c.tokens_masked + c.tokens_truncated for c in counts.values())
    ledger = Ledger(rows, tokens + sum(d.tokens for d in dropped.values()), counts, dropped, notes)
    assert from_json(json.loads(json.dumps(to_json(ledger)))) == ledger


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2, this version reads 1"),
        ({"rows_in": 6}, "do not add up"),
        ({"rows_in": "many"}, r"ledger.json.rows_in: .*integer.* \(found 'many'\)"),
        ({"rows_in": "5"}, "more than a ledger"),
        ({"surprise": 1}, "more than a ledger"),
    ],
)
def test_a_ledger_that_was_changed_is_refused(change, message):
    with pytest.raises(DamagedFile, match=message):
        from_json({**to_json(LEDGER), **change})


def test_a_file_that_is_no_ledger_is_refused():
    with pytest.raises(DamagedFile, match="format None"):
        from_json({})
