"""What happens to single rows is written down and counted."""

import json
from dataclasses import replace
from pathlib import Path

from tunesmith.core.example import BadRow, Example, Place
from tunesmith.data.journal import ONE_SOURCE, Journal

ROW = Example(Place("a.jsonl", 3, 40), text="text", source="shop")


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_each_touched_row_has_a_line_and_is_counted(tmp_path: Path):
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.refuse(BadRow(Place("a.jsonl", 1, 0), "not UTF-8", "found", "Remedy."))
        journal.drop(ROW, "near duplicate", "of a.jsonl:1")
        journal.change(ROW, "white space")
        journal.make(ROW, "noise")
        journal.note(ROW, "cut", "3 tokens")
    assert lines(tmp_path / "journal.jsonl") == [
        {"row": "a.jsonl:1 (byte 0)", "what": "dropped", "reason": "not UTF-8"},
        {"row": ROW.name, "what": "dropped", "reason": "near duplicate", "detail": "of a.jsonl:1"},
        {"row": ROW.name, "what": "changed", "reason": "white space"},
        {"row": ROW.name, "what": "made", "reason": "noise"},
        {"row": ROW.name, "what": "cut", "reason": "3 tokens"},
    ]
    tally = journal.tally
    assert (tally.rows_in, dict(tally.changed), dict(tally.made)) == (1, {"white space": 1}, {"noise": 1})
    assert {reason: count.rows for reason, count in tally.dropped.items()} == {
        "not UTF-8": 1,
        "near duplicate": 1,
    }
    assert (tally.dropped_from["shop"], tally.dropped_from[ONE_SOURCE]) == (1, 1)


def test_a_row_that_cannot_be_read_is_counted_under_its_source(tmp_path: Path):
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.refuse(BadRow(Place("a.jsonl", 1, 0), "not UTF-8", "found", "Remedy.", "shop"))
    assert (journal.tally.read_from, journal.tally.dropped_from) == ({"shop": 1}, {"shop": 1})


def test_made_rows_that_are_left_out_are_counted_apart(tmp_path: Path):
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.drop(replace(ROW, made_by="noise 2"), "too long")
    assert list(journal.tally.dropped) == ["made by noise: too long"]


def test_a_row_without_a_named_source_is_counted_as_data(tmp_path: Path):
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.drop(Example(Place("a", 1), text="text"), "odd")
    assert journal.tally.dropped_from == {ONE_SOURCE: 1}
