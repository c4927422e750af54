import json
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.reading import KINDS, READERS, measure, ours, peak, standard, write


@pytest.mark.parametrize(("kind", "size"), [("short", 100), ("long", 700), ("chat", 700), ("mixed", 240)])
def test_rows_have_the_size_that_is_said_and_are_the_same_every_time(
    tmp_path: Path, kind: str, size: int
) -> None:
    for name in ("one", "other"):
        write(tmp_path / name, kind, 100_000)
    content = (tmp_path / "one").read_bytes()
    assert content == (tmp_path / "other").read_bytes()
    assert len(content) / content.count(b"\n") == pytest.approx(size, rel=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_ours_reads_what_the_standard_library_reads(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "rows.jsonl", kind, 50_000)
    assert [row for _, _, row in ours(tmp_path / "rows.jsonl")] == list(standard(tmp_path / "rows.jsonl"))


def test_every_reader_reads_every_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path))
    pytest.importorskip("orjson")
    pytest.importorskip("datasets")
    measured = measure(tmp_path, "short", 5000, 1)
    assert [one.who for one in measured] == list(READERS)
    assert len({one.rows for one in measured}) == 1
    assert all(one.seconds > 0 for one in measured)


def test_memory_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    rows, before, most = peak(tmp_path, 2_000_000)
    assert rows > 2000
    assert 10 * 2**20 < before <= most
    assert list(tmp_path.iterdir()) == []


def test_the_program_writes_what_it_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("orjson")
    pytest.importorskip("datasets")
    out = tmp_path / "reading.json"
    assert main(["reading", "--megabytes", "0.01", "--rounds", "1", "--out", str(out)]) == 0
    assert len(json.loads(out.read_text())) == len(KINDS) * len(READERS)
    assert "of its speed" in capsys.readouterr().out
