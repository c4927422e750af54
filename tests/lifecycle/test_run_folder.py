from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from full_disk import no_file_beyond
from small_runs import read_recipe
from tunesmith import recipe as recipes
from tunesmith.core.disk import Disk
from tunesmith.core.errors import BadRecipe, DamagedFile, DiskFull
from tunesmith.lifecycle.events import Stage, Warned
from tunesmith.lifecycle.run_folder import STARTED, RunFolder, create, make, open_folder


def clock() -> datetime:
    return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> RunFolder:
    return create(read_recipe(tmp_path, tiny_folder), tmp_path / "runs", clock)


def test_a_folder_is_named_by_recipe_time_and_hash(folder: RunFolder) -> None:
    assert folder.path.name == f"orders-20260102-030405-{recipes.fingerprint(folder.recipe)[:8]}"


def test_two_runs_within_a_second_have_two_folders(folder: RunFolder) -> None:
    second = create(folder.recipe, folder.path.parent, clock)
    third = create(folder.recipe, folder.path.parent, clock)
    assert [second.path.name, third.path.name] == [f"{folder.path.name}-2", f"{folder.path.name}-3"]


def test_two_searches_and_runs_of_one_name_have_their_own_folders(folder: RunFolder) -> None:
    root = folder.path.parent
    made = [make("a-search", folder.recipe, root, clock).path.name for _ in range(3)]
    assert made == ["a-search", "a-search-2", "a-search-3"]


def test_a_run_knows_where_it_was_started(
    folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    monkeypatch.chdir(here)
    begun = create(folder.recipe, tmp_path / "runs", clock)
    told = create(folder.recipe, tmp_path / "runs", clock, there)
    assert (begun.started_in, told.started_in) == (Path(), there)
    monkeypatch.chdir(there)
    assert (open_folder(begun.path).started_in, open_folder(told.path).started_in) == (here, Path())


def test_where_a_run_was_started_is_here_if_that_is_gone_or_was_not_kept(
    folder: RunFolder, tmp_path: Path
) -> None:
    (tmp_path / "gone").mkdir()
    begun = create(folder.recipe, tmp_path / "runs", clock, tmp_path / "gone")
    assert begun.started_in == tmp_path / "gone"
    (tmp_path / "gone").rmdir()
    assert begun.started_in == Path()
    (folder.path / STARTED).unlink()
    assert folder.started_in == Path()


def test_the_recipe_in_the_folder_is_the_one_that_runs(folder: RunFolder) -> None:
    assert open_folder(folder.path, clock) == folder


def test_events_are_read_in_the_order_they_were_recorded(folder: RunFolder) -> None:
    events = [Stage("data", "é"), Warned("one"), Warned("two")]
    for event in events:
        folder.record(event)
    assert folder.events() == events
    lines = (folder.path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert all('"time": "2026-01-02T03:04:05.000+00:00"' in line for line in lines)


def test_a_new_folder_has_no_events(folder: RunFolder) -> None:
    assert folder.events() == []
    folder.mend()
    assert not (folder.path / "events.jsonl").exists()


def test_looking_at_a_run_that_is_going_on_changes_nothing(folder: RunFolder) -> None:
    folder.record(Warned("one"))
    path = folder.path / "events.jsonl"
    torn = path.read_bytes() + b'{"time": "20'
    path.write_bytes(torn)
    assert open_folder(folder.path).events() == [Warned("one")]
    assert path.read_bytes() == torn


def test_what_is_recorded_after_a_torn_line_is_not_lost(folder: RunFolder) -> None:
    folder.record(Warned("one"))
    with (folder.path / "events.jsonl").open("ab") as file:
        file.write(b'{"time": "20')
    folder.mend()
    folder.record(Warned("two"))
    assert folder.events() == [Warned("one"), Warned("two")]


def test_a_full_disk_leaves_a_file_as_it_was(folder: RunFolder) -> None:
    folder.write_json("lock.json", {"data": "before"})
    with (
        no_file_beyond(64),
        pytest.raises(DiskFull, match=r"No room to write .*lock\.json: File too large\."),
    ):
        folder.write_json("lock.json", {"data": "x" * 100})
    assert folder.read_json("lock.json") == {"data": "before"}


def test_a_file_is_on_the_medium_before_it_takes_the_place_of_the_old_one(folder: RunFolder) -> None:
    folder.write_text("lock.json", "before")
    seen: list[tuple[str, str, str]] = []

    class Watched(Disk):
        def sync(self, path: Path) -> None:
            content = "" if path.is_dir() else path.read_text()
            seen.append((path.name, content, (folder.path / "lock.json").read_text()))
            super().sync(path)

    replace(folder, disk=Watched()).write_text("lock.json", "after" * 1000)
    assert seen == [
        (".lock.json", "after" * 1000, "before"),
        (folder.path.name, "", "after" * 1000),
    ]


def test_a_full_disk_loses_only_the_event_it_has_no_room_for(folder: RunFolder) -> None:
    folder.record(Warned("one"))
    size = (folder.path / "events.jsonl").stat().st_size
    with no_file_beyond(size + 20), pytest.raises(DiskFull, match=r"events\.jsonl"):
        folder.record(Warned("two"))
    folder.mend()
    folder.record(Warned("three"))
    assert folder.events() == [Warned("one"), Warned("three")]


def test_what_is_not_there_yet_is_none(folder: RunFolder) -> None:
    assert folder.read_json("lock.json") is None


@pytest.mark.parametrize("content", [b"", b'{"data"', b"[1]", b"\0\0\0", b"\xff"])
def test_a_damaged_file_is_named(folder: RunFolder, content: bytes) -> None:
    (folder.path / "lock.json").write_bytes(content)
    with pytest.raises(DamagedFile, match=r"lock\.json.*Start a new run"):
        folder.read_json("lock.json")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match=r"is not a run: it has no recipe\.yaml\. `tunesmith runs` lists"):
        open_folder(tmp_path)


def test_a_place_where_no_folder_can_be_made_is_refused(folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadRecipe, match=r"No run can be kept in .*file"):
        create(folder.recipe, tmp_path / "file")
