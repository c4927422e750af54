import errno
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from failing_disks import FailingDisk, Killed
from plain_folders import DISK, fill, names, put, word_of
from tunesmith.core.errors import DiskFull
from tunesmith.export.aside import write_aside

NUMBER = "0123456789abcdef" * 2


def no_space() -> BaseException:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def broken_medium() -> BaseException:
    return OSError(errno.EIO, os.strerror(errno.EIO))


def leave(folder: Path) -> None:
    """Leave a folder there as if somebody had."""
    folder.mkdir()
    fill(folder, "left")


def test_a_folder_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    with write_aside(tmp_path / "deep" / "demo", DISK) as aside:
        fill(aside, "new")
        assert not (tmp_path / "deep" / "demo").exists()
    assert word_of(tmp_path / "deep" / "demo") == "new"
    assert names(tmp_path / "deep") == ["demo"]


@pytest.mark.parametrize("stays", [False, True])
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("failure", [no_space, broken_medium, Killed, KeyboardInterrupt])
def test_a_failure_at_any_operation_leaves_the_old_folder_or_the_new_one(
    tmp_path: Path, failure: Callable[[], BaseException], half: bool, stays: bool
) -> None:
    for at in count(1):
        folder = tmp_path / str(at) / "demo"
        put(folder, "old")
        disk = FailingDisk(at, failure(), half=half, stays=stays)
        try:
            put(folder, "new", disk)
        except (OSError, DiskFull, Killed, KeyboardInterrupt):
            found = folder if folder.exists() else folder.with_name(".replaced-demo")
            assert word_of(found) in ("old", "new")
            assert stays or found == folder  # where the disk works again, it is taken back at once
        else:
            assert word_of(folder) == "new"
        if disk.operations < at:
            break
        put(folder, "newer")
        assert word_of(folder) == "newer"
        assert names(folder.parent) == ["demo"]
    assert at > 10


def test_an_error_in_the_middle_leaves_what_was_there(tmp_path: Path) -> None:
    put(tmp_path / "demo", "old")
    with pytest.raises(FileExistsError), write_aside(tmp_path / "demo", DISK) as aside:
        [fill(aside, word) for word in ("new", "newer")]
    assert word_of(tmp_path / "demo") == "old"
    assert names(tmp_path) == ["demo"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_named_whoever_ran_into_it(error: Exception, tmp_path: Path) -> None:
    message = r"No room for the package .*demo: .*(quota|space)"
    with pytest.raises(DiskFull, match=message), write_aside(tmp_path / "demo", DISK):
        raise error
    assert names(tmp_path) == []


def test_what_a_kill_left_is_cleared_away(tmp_path: Path) -> None:
    put(tmp_path / "demo", "old")
    leave(tmp_path / f".writing-demo-{NUMBER}")
    leave(tmp_path / ".replaced-demo")
    with pytest.raises(ZeroDivisionError), write_aside(tmp_path / "demo", DISK):
        raise ZeroDivisionError
    assert word_of(tmp_path / "demo") == "old"
    assert names(tmp_path) == ["demo"]


def test_what_was_replaced_by_nothing_yet_is_taken_back(tmp_path: Path) -> None:
    put(tmp_path / "demo", "old")
    (tmp_path / "demo").rename(tmp_path / ".replaced-demo")
    with pytest.raises(ZeroDivisionError), write_aside(tmp_path / "demo", DISK):
        raise ZeroDivisionError
    assert word_of(tmp_path / "demo") == "old"
    assert names(tmp_path) == ["demo"]


@pytest.mark.parametrize(
    "other",
    [
        f".writing-demo-two-{NUMBER}",
        f".writing-{NUMBER}",
        ".writing-demo-notes",
        ".replaced-demo-two",
        "demo-two",
        "other.demo",
    ],
)
def test_what_belongs_to_others_is_left_alone(other: str, tmp_path: Path) -> None:
    leave(tmp_path / other)
    put(tmp_path / "demo", "new")
    put(tmp_path / "demo", "newer")
    assert word_of(tmp_path / other) == "left"
    assert names(tmp_path) == sorted(["demo", other])


def test_a_name_is_taken_literally(tmp_path: Path) -> None:
    leave(tmp_path / f".writing-demo-{NUMBER}")
    put(tmp_path / "d.mo", "new")
    assert names(tmp_path) == sorted([f".writing-demo-{NUMBER}", "d.mo"])
