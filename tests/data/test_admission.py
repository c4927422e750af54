"""Rows are admitted as the plan says; what happens to them is written down."""

import json
from array import array
from pathlib import Path

import pytest

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Place
from tunesmith.core.ledger import DropCount
from tunesmith.core.recipe import Data, Selection
from tunesmith.data.admission import Admission
from tunesmith.data.journal import Journal

ROW = Example(Place("a.jsonl", 1, 0), text="text")


def sequence(length: int, learned: int) -> Encoded:
    return Encoded(array("i", range(length)), array("f", [0.0] * (length - learned) + [1.0] * learned))


def admission(folder: Path, too_long: str) -> Admission:
    plan = Data.model_validate({"source": Selection(name="file"), "too_long": too_long, "max_tokens": 8})
    return Admission(plan, 100, Journal(folder / "journal.jsonl"))


def journal(admission: Admission) -> list[dict[str, str]]:
    with admission.journal:
        pass
    return [json.loads(line) for line in admission.journal.path.read_text().splitlines()]


def test_a_row_that_fits_is_admitted_as_it_is_and_leaves_no_line(tmp_path: Path):
    made = admission(tmp_path, "error")
    sequences = [sequence(8, 3)]
    assert made.admit(ROW, sequences) is sequences
    made.check()
    assert journal(made) == []
    assert made.journal.tally.tokens_in == 8


def test_a_row_that_is_cut_says_how_many_tokens_it_lost(tmp_path: Path):
    made = admission(tmp_path, "truncate")
    kept = made.admit(ROW, [sequence(11, 9), sequence(4, 2)])
    assert kept is not None
    assert [(len(one), one.lost) for one in kept] == [(8, 3), (4, 0)]
    made.check()
    assert journal(made) == [{"row": ROW.name, "what": "cut", "reason": "3 tokens"}]


def test_texts_that_are_read_apart_are_held_to_the_limit_each_by_itself(tmp_path: Path):
    made = admission(tmp_path, "truncate")
    row = Encoded(
        array("i", range(4)),
        array("f", [1.0, 0.0, 0.0, 0.0]),
        targets=array("d", [1.0]),
        source=array("i", range(15)),
        second=7,
    )
    fitting = [row]
    assert made.admit(ROW, fitting) is fitting
    longer = Encoded(row.ids, row.weights, targets=row.targets, source=array("i", range(19)), second=9)
    kept = made.admit(ROW, [longer])
    assert kept is not None
    assert list(kept[0].source) == [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 18]
    assert (kept[0].second, kept[0].lost, kept[0].ids) == (8, 3, row.ids)
    journal(made)


def test_a_row_that_is_left_out_is_counted_with_its_tokens(tmp_path: Path):
    made = admission(tmp_path, "drop")
    assert made.admit(ROW, [sequence(11, 9)]) is None
    made.check()
    assert journal(made)[0]["reason"] == "too long"
    assert made.journal.tally.dropped == {"too long": DropCount(1, 11)}


def test_many_rows_that_cannot_be_used_are_counted_though_only_some_are_kept_in_memory(tmp_path: Path):
    for learned, said in ((0, "300 of 300 rows have nothing to learn"), (12, "300 of 300 rows are longer")):
        made = admission(tmp_path, "error")
        for _ in range(300):
            made.admit(ROW, [sequence(12, learned)])
        assert max(len(made.masked), len(made.too_long)) == 100
        with pytest.raises(BadData, match=said) as caught:
            made.check()
        assert "  and 200 more\n" in str(caught.value)
        journal(made)
