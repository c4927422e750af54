import errno
import os
import shutil
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tunesmith.engine.disk import Disk

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.bfloat16)}


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


def test_tensors_come_back_as_they_were(tmp_path: Path) -> None:
    Disk().write_tensors(tmp_path / "t.safetensors", TENSORS)
    found = load_file(tmp_path / "t.safetensors")
    assert found.keys() == TENSORS.keys()
    assert all(
        torch.equal(found[name], value) and found[name].dtype is value.dtype
        for name, value in TENSORS.items()
    )


def test_parameters_and_turned_tensors_can_be_written(tmp_path: Path) -> None:
    turned = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3)).T
    Disk().write_tensors(tmp_path / "t.safetensors", {"t": turned})
    assert torch.equal(load_file(tmp_path / "t.safetensors")["t"], turned)


def test_no_tensors_are_a_file_as_well(tmp_path: Path) -> None:
    Disk().write_tensors(tmp_path / "t.safetensors", {})
    assert load_file(tmp_path / "t.safetensors") == {}


def test_text_is_written_the_same_on_every_system(tmp_path: Path) -> None:
    Disk().write_text(tmp_path / "t.json", "ä\nb\n")
    assert (tmp_path / "t.json").read_bytes() == b"\xc3\xa4\nb\n"


def test_what_is_written_is_put_on_the_medium(tmp_path: Path, synced: list[int]) -> None:
    Disk().write_tensors(tmp_path / "t.safetensors", TENSORS)
    Disk().write_text(tmp_path / "t.json", "{}")
    assert synced == [(tmp_path / name).stat().st_ino for name in ("t.safetensors", "t.json")]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a folder cannot be opened, and a rename is durable")
def test_a_rename_is_put_on_the_medium_with_the_list_of_names_it_is_in(
    tmp_path: Path, synced: list[int]
) -> None:
    (tmp_path / "old").mkdir()
    Disk().rename(tmp_path / "old", tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert synced == [tmp_path.stat().st_ino]


def test_a_rename_never_replaces_a_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "weights").write_text("kept")
    with pytest.raises(OSError, match="new"):
        Disk().rename(tmp_path / "old", tmp_path / "new")
    assert (tmp_path / "new" / "weights").read_text() == "kept"


def test_a_folder_is_removed_with_all_in_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("c")
    Disk().remove(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_free_room_is_what_the_system_says(tmp_path: Path) -> None:
    # Others write to the same disk meanwhile, so the two answers are close but seldom equal.
    assert Disk().free_bytes(tmp_path) == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX limits the size of a file")
def test_a_disk_that_takes_no_more_is_a_system_error_with_its_number(tmp_path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match=r"too large.*t\.safetensors") as raised:
            Disk().write_tensors(tmp_path / "t.safetensors", {"t": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert raised.value.errno == errno.EFBIG


def test_a_folder_that_does_not_exist_is_a_system_error_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Disk().write_tensors(tmp_path / "missing" / "t.safetensors", TENSORS)
