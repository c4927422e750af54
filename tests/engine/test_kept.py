from pathlib import Path

import numpy as np
import pytest

from tunesmith.core.cache import Cache
from tunesmith.core.errors import Stopped
from tunesmith.engine.kept import NoRoom, States, kept


def count(states: States) -> None:
    states[:] = np.arange(states.size).reshape(states.shape)


def never(_: States) -> None:
    raise AssertionError("it was there before")


def test_an_array_is_filled_once_and_read_afterwards(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    first, was_cached = kept(cache, "kind", {"a": 1}, (2, 3), count)
    assert not was_cached
    again, was_cached = kept(cache, "kind", {"a": 1}, (2, 3), never)
    assert was_cached
    assert first.tolist() == again.tolist() == [[0, 1, 2], [3, 4, 5]]
    _, was_cached = kept(cache, "kind", {"a": 2}, (2, 3), count)
    assert not was_cached


def test_what_was_not_filled_to_the_end_is_not_kept(tmp_path: Path) -> None:
    def stop(states: States) -> None:
        states[0] = 7
        raise Stopped("now")

    with pytest.raises(Stopped):
        kept(Cache(tmp_path), "kind", {}, (2, 3), stop)
    found, was_cached = kept(Cache(tmp_path), "kind", {}, (2, 3), count)
    assert not was_cached
    assert found[0].tolist() == [0, 1, 2]


def test_a_disk_without_room_is_told_how_much_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(NoRoom, match=r"4000000000\.0 GB are too much"):
        kept(Cache(tmp_path), "kind", {}, (10**9, 10**9), count)
