import errno
import os
import random
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from failing_disks import FailingDisk, ForgetfulDisk, Killed, PowerCut
from kept_memories import DISK, Lines, blank, drawn, files, keep, pieces, read
from tunesmith.core.disk import Disk
from tunesmith.core.errors import BadData, BadRecipe, DiskFull
from tunesmith.core.memory import Changed
from tunesmith.memory import _store

finish = _store.nothing_more
OLD, NEW = drawn(6), drawn(4, seed=1, source="notes")
Change = Callable[[Path, Disk], object]


def add(folder: Path, disk: Disk) -> Changed:
    return _store.add(folder, blank(), [row.key for row in NEW], pieces(NEW), finish, disk)


def remove(folder: Path, disk: Disk) -> Changed:
    return _store.remove(read(folder), [OLD[1].key, OLD[4].key], [], finish, disk)


def settle(folder: Path, disk: Disk) -> None:
    _store.settle(read(folder), {"weight": 0.25}, disk)


def no_space() -> BaseException:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fresh(folder: Path, rows: Sequence[Lines]) -> dict[str, bytes]:
    keep(folder, rows)
    return files(folder)


def test_arrays_and_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    store = keep(tmp_path / "memory", OLD)
    assert [row.key for row in store.rows] == [row.key for row in OLD]
    assert np.array_equal(store.arrays["keys"], np.concatenate([row.states for row in OLD]))
    assert np.array_equal(store.arrays["tokens"], np.concatenate([row.tokens for row in OLD]))
    assert store.arrays["shifts"].shape == (len(OLD),)
    assert store.entries == sum(len(row.tokens) for row in OLD)


def test_what_is_read_can_be_written_to_without_changing_the_file(tmp_path: Path) -> None:
    keep(tmp_path, OLD).arrays["keys"][:] = 0
    assert read(tmp_path).arrays["keys"].any()


def test_adding_in_two_steps_is_adding_at_once_to_the_bit(tmp_path: Path) -> None:
    keep(tmp_path / "twice", OLD)
    assert add(tmp_path / "twice", DISK) == Changed(4, 0, 0, 10, sum(len(r.tokens) for r in (*OLD, *NEW)))
    assert files(tmp_path / "twice") == fresh(tmp_path / "once", [*OLD, *NEW])


def test_removing_rows_is_never_having_read_them_to_the_bit(tmp_path: Path) -> None:
    keep(tmp_path / "more", OLD)
    left = [row for number, row in enumerate(OLD) if number not in (1, 4)]
    assert remove(tmp_path / "more", DISK) == Changed(0, 0, 2, 4, sum(len(row.tokens) for row in left))
    assert files(tmp_path / "more") == fresh(tmp_path / "less", left)


def test_a_source_is_removed_with_all_its_rows(tmp_path: Path) -> None:
    keep(tmp_path / "both", [*OLD, *NEW])
    _store.remove(read(tmp_path / "both"), [], ["book"], finish, DISK)
    assert files(tmp_path / "both") == fresh(tmp_path / "one", NEW)


def test_a_memory_may_be_emptied_and_filled_again(tmp_path: Path) -> None:
    store = keep(tmp_path / "a", OLD)
    assert _store.remove(store, [], ["book"], finish, DISK).rows == 0
    assert read(tmp_path / "a").entries == 0
    keep(tmp_path / "a", NEW)
    assert files(tmp_path / "a") == fresh(tmp_path / "b", NEW)


def test_a_row_with_a_known_key_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    keep(tmp_path / "a", OLD)
    again = Lines(OLD[2].key, NEW[0].states, NEW[0].tokens)
    changed = _store.add(tmp_path / "a", blank(), [again.key], pieces([again]), finish, DISK)
    assert (changed.added, changed.replaced, changed.rows) == (1, 1, 6)
    assert files(tmp_path / "a") == fresh(tmp_path / "b", [*OLD[:2], *OLD[3:], again])


def test_two_rows_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="Two rows are called 'book-0:0'"):
        keep(tmp_path / "memory", [OLD[0], OLD[0]])
    assert not (tmp_path / "memory").exists()


@pytest.mark.parametrize(("keys", "sources"), [(["book-0:0", "bok-0:1"], []), ([], ["bok"])])
def test_what_is_not_there_cannot_be_removed_and_nothing_is(
    tmp_path: Path, keys: list[str], sources: list[str]
) -> None:
    before = fresh(tmp_path, OLD)
    with pytest.raises(BadData, match=r"Did you mean 'book.*Nothing was removed"):
        _store.remove(read(tmp_path), keys, sources, finish, DISK)
    assert files(tmp_path) == before


def test_the_memory_of_another_model_is_refused(tmp_path: Path) -> None:
    keep(tmp_path, OLD)
    with pytest.raises(BadRecipe, match=r"made with another model \(this model, not that model\)"):
        _store.read(tmp_path, "neighbours", "that model")
    with pytest.raises(BadRecipe, match="another model"):
        _store.add(tmp_path, blank(made_with="that model"), [], iter(()), finish, DISK)
    assert _store.read(tmp_path, "neighbours").entries  # to remove rows, no model is needed


def test_other_options_and_another_kind_are_refused(tmp_path: Path) -> None:
    keep(tmp_path, OLD)
    with pytest.raises(BadRecipe, match="index exact, not index faiss"):
        _store.add(tmp_path, blank("faiss"), [], iter(()), finish, DISK)
    with pytest.raises(BadRecipe, match="a memory of neighbours, not of passages"):
        _store.read(tmp_path, "passages")


def test_where_nothing_was_kept_there_is_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="holds no memory"):
        read(tmp_path)


def test_what_was_tuned_is_recorded_and_stays_when_rows_come_and_go(tmp_path: Path) -> None:
    before = fresh(tmp_path, OLD)
    settle(tmp_path, DISK)
    assert {n: c for n, c in files(tmp_path).items() if n != "manifest.json"} == {
        name: content for name, content in before.items() if name != "manifest.json"
    }
    add(tmp_path, DISK)
    remove(tmp_path, DISK)
    assert read(tmp_path).manifest.tuned == {"weight": 0.25}


def test_a_disk_without_links_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    keep(tmp_path, OLD)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    settle(tmp_path, DISK)
    assert read(tmp_path).manifest.tuned == {"weight": 0.25}


def test_a_copy_is_read_like_the_original(tmp_path: Path) -> None:
    store = keep(tmp_path / "a", OLD)
    (tmp_path / "a" / ".writing-left").mkdir()
    store.save(tmp_path / "package" / "memory")
    assert files(tmp_path / "package" / "memory") == files(tmp_path / "a")
    assert [path.name for path in (tmp_path / "package" / "memory").iterdir()] == ["version-1"]


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("failure", [no_space, Killed])
@pytest.mark.parametrize("change", [add, remove, settle])
def test_a_failure_at_any_operation_leaves_the_old_memory_or_the_new_one(
    tmp_path: Path, change: Change, failure: Callable[[], BaseException], half: bool
) -> None:
    old = fresh(tmp_path / "old", OLD)
    keep(tmp_path / "new", OLD)
    change(tmp_path / "new", DISK)
    new = files(tmp_path / "new")
    for at in count(1):
        folder = tmp_path / str(at)
        keep(folder, OLD)
        disk = FailingDisk(at, failure(), half=half)
        try:
            change(folder, disk)
        except (OSError, DiskFull, Killed):
            assert files(folder) in (old, new)
            read(folder)
        else:
            assert files(folder) == new
        if disk.operations < at:
            break
        settle(folder, DISK)
        assert [path.name[:8] for path in folder.iterdir()] == ["version-"]
    assert at > 5


@pytest.mark.parametrize("change", [add, remove, settle])
def test_a_power_cut_at_any_operation_leaves_the_old_memory_or_the_new_one(
    tmp_path: Path, change: Change
) -> None:
    luck, old = random.Random(0), fresh(tmp_path / "old", OLD)
    keep(tmp_path / "new", OLD)
    change(tmp_path / "new", DISK)
    new = files(tmp_path / "new")
    for at in count(1):
        live, disk = tmp_path / f"live-{at}", ForgetfulDisk()
        keep(live / "memory", OLD, disk)
        disk.at = disk.operations + at
        try:
            change(live / "memory", disk)
        except PowerCut:
            for number in range(5):
                found = tmp_path / f"found-{at}-{number}"
                disk.what_survives(live, found, luck)
                assert files(found / "memory") in (old, new)
        else:
            break
    assert at > 5


def test_a_full_disk_is_named_and_what_was_kept_is_intact(tmp_path: Path) -> None:
    before = fresh(tmp_path, OLD)
    with pytest.raises(DiskFull, match=r"No room for the memory in .*intact"):
        add(tmp_path, FailingDisk(3, no_space()))
    assert files(tmp_path) == before
