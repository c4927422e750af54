"""Rows come to a package's memory and go from it, and it answers as if it had been built so."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from remembering import arrays, make_package, orders, write_rows
from tunesmith.core.cards import Decoding
from tunesmith.core.errors import BadData, BadOption, BadRecipe, DamagedFile
from tunesmith.core.example import Message
from tunesmith.export import manifest
from tunesmith.export import read as packages
from tunesmith.lifecycle.loaded import load
from tunesmith.lifecycle.update_memory import Counted, Updated, add, remove

QUESTIONS = ("Where is order 3?", "Where is order 9?", "Where is order 77?")


def moment() -> datetime:
    return datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def proved_by_forks() -> Iterator[None]:
    """Prove packages by forks of one process, where there are forks."""
    if os.name != "posix":
        yield
        return
    script = Path(__file__).parents[1] / "warm_prober.py"
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        address = f"{folder}/socket"
        server = subprocess.Popen([sys.executable, "-P", script, "serve", address])
        asking = (sys.executable, "-P", str(script), "ask", address)
        patch.setattr("tunesmith.lifecycle.update_memory.COMMAND", asking)
        yield
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def few(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a package that remembers orders 0 to 5; do not write to it."""
    return make_package(tmp_path_factory.mktemp("few"), tiny_folder, orders(*range(6)))


@pytest.fixture(scope="module")
def many(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a package of the same model that remembers orders 0 to 9; do not write to it."""
    return make_package(tmp_path_factory.mktemp("many"), tiny_folder, orders(*range(10)))


@pytest.fixture(scope="module")
def grown(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Updated:
    """Give the few with orders 5 to 9 added, of which the first is known; do not write to it."""
    root = tmp_path_factory.mktemp("grown")
    return add(few, write_rows(root / "more.jsonl", orders(*range(5, 10))), root / "new", clock=moment)


def answers(folder: Path) -> list[tuple[str, list[int]]]:
    """Give what a package says to the questions, and the prompts that it is shown."""
    loaded = load(folder)
    prompts = [loaded.model.prompt([Message("user", question)]) for question in QUESTIONS]
    said = loaded.backend.generate(loaded.model, prompts, Decoding(max_tokens=8))
    return [(one.text, list(prompt)) for one, prompt in zip(said, prompts, strict=True)]


def passages_of(folder: Path) -> str:
    return arrays(folder, 1)["text"].decode()


def test_rows_added_later_are_to_the_bit_those_of_a_memory_built_at_once(
    grown: Updated, many: Path, few: Path
) -> None:
    for number in (0, 1):
        assert arrays(grown.package.folder, number) == arrays(many, number) != arrays(few, number)
    assert answers(grown.package.folder) == answers(many) != answers(few)


def test_what_came_is_counted_and_a_row_that_was_there_is_not_kept_twice(grown: Updated, many: Path) -> None:
    tokens = len(np.frombuffer(arrays(many)["tokens"], "<i4"))
    neighbours, passages = grown.memories
    assert (neighbours.known, neighbours.added, neighbours.removed, neighbours.rows) == (1, 4, 0, 10)
    assert neighbours.size == tokens > neighbours.added_size > 0
    assert passages.sentence == (
        "retrieval: 4 rows with 4 passages added, 1 was there already; 10 rows with 10 passages now"
    )
    assert grown.notes == ()


def test_removed_rows_were_never_there_whatever_they_are_called(
    many: Path, few: Path, tmp_path: Path
) -> None:
    gone = write_rows(tmp_path / "gone.jsonl", [*orders(*range(9, 5, -1)), *orders(50)])
    found = remove(many, tmp_path / "new", gone)
    assert [one.rows for one in found.memories] == [6, 6]
    assert [one.removed for one in found.memories] == [4, 4]
    assert [name.rpartition(" (")[0] for name in found.missing] == [f"{gone}:5"]
    for number in (0, 1):
        assert arrays(found.package.folder, number) == arrays(few, number)
    assert answers(found.package.folder) == answers(few)


def test_rows_are_removed_by_name_and_by_source_without_the_model(many: Path, tmp_path: Path) -> None:
    found = remove(many, tmp_path / "one", keys=["run.jsonl:3"])
    assert [one.removed for one in found.memories] == [1, 1]
    assert "order 2?" in passages_of(many)
    assert "order 2?" not in passages_of(tmp_path / "one")
    assert [one.rows for one in remove(many, tmp_path / "none", sources=["run.jsonl"]).memories] == [0, 0]
    assert answers(tmp_path / "none")


def test_the_old_package_stays_and_the_new_one_is_whole(few: Path, grown: Updated) -> None:
    old, new = packages.read(few), packages.read(grown.package.folder)
    assert new == grown.package
    assert "adapter_model.safetensors" in new.files
    unchanged = {name for name in old.files if not name.startswith("memory/")} - {"README.md"}
    assert all(old.files[name] == new.files[name] for name in unchanged)
    (first, second) = manifest.read(grown.package.folder).kept.changes
    assert first.model_dump() == {
        "at": "2026-01-02T00:00:00+00:00",
        "memory": "neighbours",
        "added": 4,
        "removed": 0,
        "rows": 10,
    }
    assert second.memory == "retrieval"


def test_a_merged_package_reads_new_rows_as_its_own_to_the_precision_that_is_stored(
    tiny_folder: Path, many: Path, tmp_path: Path
) -> None:
    package = make_package(tmp_path, tiny_folder, orders(*range(6)), export="merged")
    more = write_rows(tmp_path / "more.jsonl", orders(*range(6, 10)))
    found = arrays(add(package, more, tmp_path / "new").package.folder)
    wanted = arrays(many)
    assert found["tokens"] == wanted["tokens"]
    keys, others = (np.frombuffer(one["keys"], "<f2").astype(np.float32) for one in (found, wanted))
    np.testing.assert_allclose(keys, others, rtol=2**-10, atol=1e-3)


def test_what_was_tuned_stays_and_is_said(tiny_folder: Path, tmp_path: Path) -> None:
    rows, split = orders(*range(20)), {"validation": 0.3, "test": 0}
    package = make_package(tmp_path, tiny_folder, rows, [{"name": "neighbours", "k": 4}], split=split)
    more = write_rows(tmp_path / "more.jsonl", orders(30, 31))
    found = add(package, more, tmp_path / "new")
    (note,) = found.notes
    assert note.startswith("neighbours: weight ")
    assert note.endswith(", tuned on rows of the run, stay as they are.")
    before, after = (
        json.loads(next(one.glob("memory/0/*/manifest.json")).read_text())["tuned"]
        for one in (package, found.package.folder)
    )
    assert before == after != {}


def test_a_row_with_the_name_of_another_takes_its_place_only_if_that_is_said(
    few: Path, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "more.jsonl", orders(20, 3))
    first = add(few, data, tmp_path / "first").package.folder
    write_rows(data, orders(21, 20))  # the first line has the name of order 20
    with pytest.raises(BadData, match=r"more\.jsonl:1 \(byte 0\)\n.*--replace"):
        add(first, data, tmp_path / "second")
    found = add(first, data, tmp_path / "second", replaces=True)
    assert [(one.added, one.removed, one.rows) for one in found.memories] == [(2, 1, 8)] * 2
    texts = passages_of(tmp_path / "second")
    assert texts.count("order 20?") == texts.count("order 21?") == texts.count("order 3?") == 1


def test_nothing_is_written_where_nothing_changes(few: Path, tmp_path: Path) -> None:
    same = write_rows(tmp_path / "same.jsonl", orders(1, 2))
    with pytest.raises(BadData, match="Every row is remembered already"):
        add(few, same, tmp_path / "new")
    with pytest.raises(BadData, match=r"None of the 2 rows is remembered, the first being .*others\.jsonl:1"):
        remove(few, tmp_path / "new", write_rows(tmp_path / "others.jsonl", orders(60, 61)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["others.jsonl", "same.jsonl"]


def test_a_package_that_fails_its_proof_gets_no_name(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = (sys.executable, "-c", "raise SystemExit('no')")
    monkeypatch.setattr("tunesmith.lifecycle.update_memory.COMMAND", failing)
    with pytest.raises(DamagedFile, match="could not be loaded by a fresh process: no"):
        add(few, write_rows(tmp_path / "more.jsonl", orders(9)), tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["more.jsonl"]


def test_what_cannot_be_changed_is_refused_with_what_to_do(
    few: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", orders(1))
    package = make_package(tmp_path, tiny_folder, orders(*range(6)), [])
    with pytest.raises(BadRecipe, match=r"no memory beside its model.*`memory: \[neighbours\]`"):
        add(package, data, tmp_path / "new")
    with pytest.raises(BadOption, match="Say which rows"):
        remove(few, tmp_path / "new")
    with pytest.raises(BadOption, match="exists already"):
        add(few, data, tmp_path)
    with pytest.raises(BadData, match=r"no row called 'run\.jsonl:9'.*Nothing was removed"):
        remove(few, tmp_path / "new", keys=["run.jsonl:9"])


def test_a_sentence_says_what_came_and_went() -> None:
    both = Counted("neighbours", "tokens", 0, 1, 20, 2, 1030, 1200, 34000)
    assert both.sentence == (
        "neighbours: 1 row with 20 tokens added, 2 rows with 1,030 tokens removed; "
        "1,200 rows with 34,000 tokens now"
    )
