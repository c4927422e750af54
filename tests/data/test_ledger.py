import json
from array import array
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import DamagedFile, UnbalancedLedger
from tunesmith.core.ledger import DropCount, Ledger, SourceCount, SplitCount
from tunesmith.data.ledger import Tally, describe, from_json, to_json


def sequence(trained: int, masked: int, lost: int = 0) -> Encoded:
    weights = array("f", [0.0] * masked + [1.0] * trained)
    return Encoded(ids=array("l", range(len(weights))), weights=weights, lost=lost)


def tally() -> Tally:
    counted = Tally()
    for _ in range(5):
        counted.read("data")
    counted.drop("not valid JSON", "data")
    for row in ([sequence(3, 2)], [sequence(1, 1), sequence(4, 0)], [sequence(5, 5)], [sequence(2, 2)]):
        counted.tokenise(row)
    counted.drop("too long", "data", [sequence(5, 5)])
    return counted


TRAIN = SplitCount(2, 8, 3, 0)
KEPT = {"train": TRAIN, "validation": SplitCount(), "test": SplitCount(1, 1, 2, 1)}
LEDGER = Ledger(
    rows_in=5,
    tokens_in=25,
    splits=KEPT,
    dropped={"not valid JSON": DropCount(1, 0), "too long": DropCount(1, 10)},
    notes=("A note.",),
)


def test_rows_and_tokens_are_accounted_for():
    assert tally().close(KEPT, ["A note."]) == LEDGER


def test_tokens_that_were_cut_off_before_came_in_too():
    counted = Tally()
    counted.read("data")
    counted.tokenise([sequence(1, 1, lost=3)])
    assert counted.close({"train": SplitCount(1, 1, 1, 3)}).tokens_in == 5


def test_a_lost_row_unbalances_the_ledger():
    with pytest.raises(UnbalancedLedger, match="5 rows and 25 tokens came in, 4 rows and 21 tokens"):
        tally().close({**KEPT, "test": SplitCount()})


@pytest.mark.parametrize("changed", [SplitCount(1, 1, 2, 0), SplitCount(1, 2, 2, 1), SplitCount(2, 1, 2, 1)])
def test_a_changed_count_unbalances_the_ledger(changed):
    with pytest.raises(UnbalancedLedger):
        tally().close({**KEPT, "test": changed})


def test_a_row_that_was_made_is_accounted_for_like_one_that_was_read():
    counted = tally()
    counted.make("noise", "data")
    with pytest.raises(UnbalancedLedger, match="6 rows and 25 tokens came in, 5 rows"):
        counted.close(KEPT)
    counted.drop("empty", "data")
    assert counted.close(KEPT).made == {"noise": 1}


def by_source(kept: str) -> Tally:
    counted = Tally()
    for source in ("shop", "shop", "forum", "forum", "forum"):
        counted.read(source)
    counted.make("noise", "shop")
    counted.drop("too long", "forum")
    for source in ("shop", "shop", "shop", "forum", kept):
        counted.keep("train", source)
    return counted


def test_each_source_has_an_account_of_its_own():
    ledger = by_source("forum").close({"train": SplitCount(5)})
    assert ledger.sources == {
        "shop": SourceCount(2, 1, 0, {"train": 3}),
        "forum": SourceCount(3, 0, 1, {"train": 2}),
    }
    assert "Of shop: 2 rows read, 1 made from them: 3 for train, 0 dropped." in describe(ledger)


def test_a_row_that_changed_its_source_unbalances_the_ledger():
    with pytest.raises(UnbalancedLedger, match="of shop 3 rows came in, 4 are accounted for"):
        by_source("shop").close({"train": SplitCount(5)})


def test_the_account_is_said_in_plain_sentences():
    ledger = replace(LEDGER, changed={"white space": 2}, made={"noise": 1})
    assert describe(ledger) == [
        "5 rows read: 2 for train, 0 for validation, 1 for test, 2 dropped.",
        "Dropped, not valid JSON: 1 row, 0 tokens.",
        "Dropped, too long: 1 row, 10 tokens.",
        "Changed, white space: 2 rows.",
        "Made by noise: 1 row.",
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
    ledger = Ledger(rows, tokens + sum(d.tokens for d in dropped.values()), counts, dropped, notes=notes)
    assert from_json(json.loads(json.dumps(to_json(ledger)))) == ledger


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 3}, "format 3, this version reads 2"),
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
