import os
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import pytest

from full_disk import no_file_beyond
from tunesmith.core.cache import Cache, allocate

KEY = {"base": "abc", "rows": [1, 2]}


def add(cache: Cache, key: dict[str, object], content: bytes) -> None:
    with cache.adding("kind", key) as file:
        file.write_bytes(content)


def test_what_was_added_is_found_under_the_same_key_only(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.find("kind", KEY) is None
    add(cache, KEY, b"states")
    found = cache.find("kind", dict(reversed(KEY.items())))
    assert found is not None
    assert found.read_bytes() == b"states"
    assert cache.find("kind", KEY | {"base": "abd"}) is None
    assert cache.find("other", KEY) is None


def test_content_is_read_as_it_was_written(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.read("kind", KEY) is None
    for content in (b"", b"answers"):
        cache.write("kind", KEY, content)
        assert cache.read("kind", KEY) == content
    assert cache.read("kind", KEY | {"base": "abd"}) is None


@pytest.mark.parametrize("damage", [slice(0, 10), slice(0, -1), slice(0, 0)])
def test_damaged_content_counts_as_not_there(tmp_path: Path, damage: slice) -> None:
    cache = Cache(tmp_path)
    cache.write("kind", KEY, b"answers")
    (path,) = (tmp_path / "kind").iterdir()
    path.write_bytes(path.read_bytes()[damage])
    assert cache.read("kind", KEY) is None
    assert not path.exists()
    cache.write("kind", KEY, b"answers")
    assert cache.read("kind", KEY) == b"answers"


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for cache in (Cache(tmp_path / "file"), Cache(tmp_path / "small", most_bytes=3)):
        cache.write("kind", KEY, b"answers")
        assert cache.read("kind", KEY) is None
    assert not Cache(tmp_path / "file").has_room_for(1)


def test_an_entry_that_another_run_removes_meanwhile_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path)
    cache.write("kind", KEY, b"answers")
    touch = os.utime

    def race(path: Path) -> None:
        path.unlink()
        touch(path)

    monkeypatch.setattr(os, "utime", race)
    assert cache.read("kind", KEY) is None


def test_an_entry_of_somebody_else_is_read_though_it_cannot_be_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path)
    cache.write("kind", KEY, b"answers")
    monkeypatch.setattr(os, "utime", Mock(side_effect=PermissionError))
    assert cache.read("kind", KEY) == b"answers"


def test_what_a_killed_run_left_goes_after_a_day(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("kind", KEY, b"answers")
    old, new = (tmp_path / "kind" / f".writing-{name}" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1000, 1000))
    cache.write("kind", KEY | {"base": "abd"}, b"answers")
    assert (old.exists(), new.exists()) == (False, True)


def test_room_for_a_file_is_taken_at_once(tmp_path: Path) -> None:
    allocate(tmp_path / "file", 100_000)
    stat = (tmp_path / "file").stat()
    assert stat.st_size == 100_000
    assert stat.st_blocks * 512 >= 100_000
    with no_file_beyond(2048), pytest.raises(OSError, match="File too large"):
        allocate(tmp_path / "large", 100_000)


def test_other_code_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path)
    cache.write("kind", KEY, b"answers")
    monkeypatch.setattr("tunesmith.core.cache.hash_code", lambda: "other")
    assert cache.read("kind", KEY) is None


def test_an_entry_is_whole_or_not_there(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with suppress(ZeroDivisionError), cache.adding("kind", KEY) as file:
        file.write_bytes(b"half")
        _ = 1 / 0
    assert cache.find("kind", KEY) is None
    assert list((tmp_path / "kind").iterdir()) == []


def test_those_not_used_for_longest_go_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, most_bytes=25)
    for number in range(2):
        add(cache, {"n": number}, b"0123456789")
        path = cache.find("kind", {"n": number})
        assert path is not None
        os.utime(path, (1000 + number, 1000 + number))
    assert cache.find("kind", {"n": 0}) is not None  # used again, so the other one is older now
    add(cache, {"n": 2}, b"0123456789")
    assert [cache.find("kind", {"n": number}) is not None for number in range(3)] == [True, False, True]


def test_the_newest_entry_stays_even_if_it_is_too_large(tmp_path: Path) -> None:
    cache = Cache(tmp_path, most_bytes=5)
    add(cache, KEY, b"0123456789")
    assert cache.find("kind", KEY) is not None


def test_room_is_bounded_by_the_limit_and_the_disk(tmp_path: Path) -> None:
    assert Cache(tmp_path, most_bytes=100).has_room_for(100)
    assert not Cache(tmp_path, most_bytes=100).has_room_for(101)
    assert not Cache(tmp_path, most_bytes=10**30).has_room_for(10**20)
