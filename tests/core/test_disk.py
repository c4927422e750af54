import errno
import os
import shutil
import sys
from pathlib import Path

import pytest

from full_disk import no_file_beyond
from tunesmith.core.disk import Disk, as_os_error, is_full

posix = pytest.mark.skipif(
    os.name != "posix", reason="elsewhere a folder cannot be opened, and a rename is durable"
)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the inode of whatever the system is asked to put on the medium."""
    inodes: list[int] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        inodes.append(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    return inodes


def inode(path: Path) -> int:
    return path.stat().st_ino


def test_text_is_written_the_same_on_every_system(tmp_path: Path) -> None:
    Disk().write_text(tmp_path / "t.json", "ä\nb\n")
    assert (tmp_path / "t.json").read_bytes() == b"\xc3\xa4\nb\n"


def test_what_is_written_is_put_on_the_medium(tmp_path: Path, synced: list[int]) -> None:
    Disk().write_text(tmp_path / "t.json", "{}")
    Disk().write(tmp_path / "t.bin", lambda path: path.write_bytes(b"1"))
    assert synced == [inode(tmp_path / name) for name in ("t.json", "t.bin")]
    assert (tmp_path / "t.bin").read_bytes() == b"1"


@posix
def test_a_rename_is_put_on_the_medium_with_the_list_of_names_it_is_in(
    tmp_path: Path, synced: list[int]
) -> None:
    (tmp_path / "old").mkdir()
    Disk().rename(tmp_path / "old", tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert synced == [inode(tmp_path)]


def test_a_rename_never_replaces_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "weights").write_text("kept")
    with pytest.raises(OSError, match="new"):
        Disk().rename(tmp_path / "old", tmp_path / "new")
    assert (tmp_path / "new" / "weights").read_text() == "kept"


@posix
def test_every_folder_that_is_made_is_put_on_the_medium(tmp_path: Path, synced: list[int]) -> None:
    Disk().make(tmp_path / "a" / "b")
    assert synced == [inode(tmp_path), inode(tmp_path / "a")]
    Disk().make(tmp_path / "a" / "b")
    assert len(synced) == 2


@posix
def test_whatever_others_wrote_into_a_folder_can_be_put_on_the_medium(
    tmp_path: Path, synced: list[int]
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("c")
    (tmp_path / "a" / ".d").write_text("d")
    Disk().sync_all(tmp_path / "a")
    wanted = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c", tmp_path / "a" / ".d"]
    assert sorted(synced) == sorted(map(inode, wanted))


def test_a_folder_is_removed_with_all_in_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("c")
    Disk().remove(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_free_room_is_what_the_system_says(tmp_path: Path) -> None:
    # Others write to the same disk meanwhile, so the two answers are close but seldom equal.
    assert Disk().free_bytes(tmp_path) == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX limits the size of a file")
def test_a_disk_that_takes_no_more_says_so(tmp_path: Path) -> None:
    with no_file_beyond(100), pytest.raises(OSError, match="too large") as raised:
        Disk().write_text(tmp_path / "t.json", "x" * 1000)
    assert is_full(raised.value)


def in_words(path: Path) -> None:
    raise RuntimeError("I/O error: No space left on device (os error 28)")


def test_what_a_library_says_of_the_system_in_words_is_a_system_error_again(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"t\.bin") as raised:
        Disk().write(tmp_path / "t.bin", in_words)
    assert raised.value.errno == errno.ENOSPC
    assert is_full(raised.value)


def test_an_error_that_is_not_the_system_s_stays_what_it_is(tmp_path: Path) -> None:
    assert as_os_error(ValueError("28"), tmp_path) is None
    with pytest.raises(ZeroDivisionError):
        Disk().write(tmp_path / "t.bin", lambda _: 1 / 0)
    broken = OSError(errno.EIO, "broken")
    assert as_os_error(broken, tmp_path) is broken
    assert not is_full(broken)
