import json
import random

import pytest
from benchmarks.__main__ import main
from benchmarks.similarity import MOST_CHANGES, changed, jaccard, measure, plant, read


def test_the_rows_are_the_same_every_time_and_a_tenth_are_copies(tmp_path):
    planted = plant(tmp_path / "one.txt", 1000)
    assert planted == plant(tmp_path / "other.txt", 1000)
    rows = list(read(tmp_path / "one.txt"))
    assert rows == list(read(tmp_path / "other.txt"))
    assert len(rows) == 1000
    assert {number % 10 for number in planted} == {9}
    assert 30 < len(planted) < 70


def test_a_planted_copy_is_similar_to_an_earlier_row(tmp_path):
    planted = plant(tmp_path / "rows.txt", 200)
    rows = list(read(tmp_path / "rows.txt"))
    for number in range(9, 200, 10):
        best = max(jaccard(rows[number], earlier) for earlier in rows[:number])
        assert (best >= 0.8) == (number in planted)


def test_copies_have_some_characters_changed():
    text, chance = "a row that is long enough to have many changes made to it", random.Random(0)
    copies = [changed(text, chance) for _ in range(200)]
    same_length = [copy for copy in copies if len(copy) == len(text) and not copy.isupper()]
    changes = {sum(one != other for one, other in zip(text, copy, strict=True)) for copy in same_length}
    assert {0, 1, 5} < changes <= set(range(MOST_CHANGES + 1))


def test_a_search_finds_the_planted_copies_in_a_process_of_its_own():
    measured = measure("ours", 3000)
    assert (measured.who, measured.rows, measured.wrong) == ("ours", 3000, 0)
    assert measured.planted > 100
    assert 0.97 * measured.planted <= measured.found <= measured.planted
    assert measured.seconds > 0
    assert measured.peak_bytes > 2**20


def test_both_find_as_much_and_it_is_written_down(tmp_path, capsys):
    pytest.importorskip("datasketch")
    assert main(["similarity", "--rows", "300", "--out", str(tmp_path / "out.json")]) == 0
    ours, theirs = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (ours["who"], theirs["who"]) == ("ours", "datasketch")
    assert ours["found"] == theirs["found"] == ours["planted"] > 5
    said = capsys.readouterr().out.splitlines()
    assert [line.split(" in ")[0] for line in said] == ["ours: 300 rows", "datasketch: 300 rows"]
