"""A prepared data set is read from the cache exactly when nothing changed that it follows from."""

import json
from pathlib import Path
from typing import Any

import pytest

from full_disk import no_file_beyond
from tunesmith import recipe as recipes
from tunesmith.core.cache import Cache
from tunesmith.core.errors import BadData, DiskFull
from tunesmith.lifecycle import kept_dataset as module
from tunesmith.lifecycle.assemble import Prepared, prepare_recipe

KEPT = "All of the data was read from the cache of an earlier run."


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUNESMITH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / module.KIND


def write(folder: Path, count: int = 30) -> Path:
    rows = [{"prompt": f"Where is order {n}?", "completion": f"Order {n} is here."} for n in range(count)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "rows.jsonl"


def prepared(folder: Path, base: Path, *changes: str) -> Prepared:
    source = f"{{name: jsonl, path: {folder / 'rows.jsonl'}}}"
    text = f"{{name: a, goal: b, base: {base}, data: {{source: {source}}}}}"
    return prepare_recipe(recipes.read_text(text, "a", changes))


def content(one: Prepared) -> tuple[Any, ...]:
    data = one.dataset
    sides = [data.train, data.validation, data.test]
    rows = {name: list(part) for name, part in data.examples.items()}
    return [[(s.ids, s.weights, s.key) for s in side] for side in sides], rows, data.ledger, data.findings


def test_the_second_time_all_is_read_and_all_is_the_same(tiny_folder: Path, tmp_path: Path):
    write(tmp_path)
    first, second = prepared(tmp_path, tiny_folder), prepared(tmp_path, tiny_folder)
    assert (first.tokenised, second.tokenised) == ("30 rows tokenised.", KEPT)
    assert content(first) == content(second)


@pytest.mark.parametrize(
    "change",
    [
        "data.split.test=0.2",
        "data.max_tokens=200",
        "data.clean=[{name: normalise}]",
        "data.audit.skip=[languages]",
        "seed=8",
    ],
)
def test_what_changes_the_data_makes_it_anew(tiny_folder: Path, tmp_path: Path, change: str):
    write(tmp_path)
    prepared(tmp_path, tiny_folder)
    assert prepared(tmp_path, tiny_folder, change).tokenised != KEPT


def test_a_byte_more_makes_it_anew(tiny_folder: Path, tmp_path: Path):
    path = write(tmp_path)
    prepared(tmp_path, tiny_folder)
    path.write_text(path.read_text() + "\n")
    assert prepared(tmp_path, tiny_folder).tokenised != KEPT


@pytest.mark.parametrize("change", ["training.epochs=1", "data.audit.accept=[secrets]", "method.rank=3"])
def test_what_does_not_change_the_data_does_not(tiny_folder: Path, tmp_path: Path, change: str):
    write(tmp_path)
    prepared(tmp_path, tiny_folder)
    assert prepared(tmp_path, tiny_folder, change).tokenised == KEPT


@pytest.mark.parametrize("name", ["train.jsonl", "train-tokens/ids", "summary.json"])
def test_what_was_damaged_is_made_anew(tiny_folder: Path, tmp_path: Path, own_cache: Path, name: str):
    write(tmp_path)
    first = prepared(tmp_path, tiny_folder)
    expected = content(first)
    (entry,) = own_cache.iterdir()
    damaged = bytearray((entry / name).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (entry / name).write_bytes(damaged)
    again = prepared(tmp_path, tiny_folder)
    assert again.tokenised != KEPT
    assert content(again) == expected


def test_data_that_cannot_be_used_leaves_nothing(tiny_folder: Path, tmp_path: Path, own_cache: Path):
    write(tmp_path).write_text("broken\n")
    with pytest.raises(BadData):
        prepared(tmp_path, tiny_folder)
    assert not own_cache.exists() or list(own_cache.iterdir()) == []


def test_without_a_cache_the_data_lasts_as_long_as_it_is_used(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path)
    expected = content(prepared(tmp_path, tiny_folder))
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("TUNESMITH_CACHE", str(tmp_path / "file"))
    assert content(prepared(tmp_path, tiny_folder)) == expected


def test_a_full_disk_is_said_to_be_and_leaves_nothing(tiny_folder: Path, tmp_path: Path, own_cache: Path):
    write(tmp_path)
    with no_file_beyond(1000), pytest.raises(DiskFull, match="No room to prepare the data"):
        prepared(tmp_path, tiny_folder)
    assert list(own_cache.iterdir()) == []


def test_an_entry_that_another_run_added_meanwhile_is_as_good(tiny_folder: Path, tmp_path: Path):
    cache = Cache(tmp_path / "shared")
    write(tmp_path)
    one = prepared(tmp_path, tiny_folder).dataset

    def meanwhile(folder: Path) -> Any:
        with cache.adding(module.KIND, {"a": 1}) as other:
            other.mkdir()
            (other / "marker").write_text("first")
        (folder / "marker").write_text("second")
        return one

    with pytest.raises(OSError, match="manifest"):
        module.kept_dataset({"a": 1}, meanwhile, cache)
    (entry,) = (tmp_path / "shared" / module.KIND).iterdir()
    assert (entry / "marker").read_text() == "first"
