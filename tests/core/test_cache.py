import os
from contextlib import suppress
from pathlib import Path

from tunesmith.core.cache import Cache

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
