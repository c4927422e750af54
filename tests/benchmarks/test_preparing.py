import json

from benchmarks.__main__ import main
from benchmarks.preparing import Measured, middle, write


def test_the_rows_are_the_same_every_time(tmp_path):
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    write(one, 50)
    write(other, 50)
    assert one.read_bytes() == other.read_bytes()
    rows = [json.loads(line)["messages"] for line in one.read_text(encoding="utf-8").splitlines()]
    assert [[turn["role"] for turn in row] for row in rows] == [["user", "assistant"]] * 50
    assert all(100 <= sum(len(turn["content"]) for turn in row) <= 200 for row in rows)


def test_medians_of_times_and_the_most_memory_count():
    rounds = [Measured("ours", 9, first, 1 / first, peak, 5) for first, peak in ((3, 7), (1, 9), (2, 8))]
    assert middle(rounds) == Measured("ours", 9, 2, 0.5, 9, 5)


def test_a_file_is_prepared_twice_and_it_is_written_down(tmp_path, capsys):
    out = tmp_path / "out.json"
    assert main(["preparing", "--rows", "150", "--only", "unaudited", "--out", str(out)]) == 0
    (measured,) = json.loads(out.read_text(encoding="utf-8"))
    assert (measured["who"], measured["rows"]) == ("unaudited", 150)
    assert measured["tokens"] > 150 * 30
    assert measured["again"] > 0
    assert capsys.readouterr().out.startswith("unaudited: 150 rows, ")
