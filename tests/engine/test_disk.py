import errno
import os
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from full_disk import no_file_beyond
from tunesmith.core.disk import Disk
from tunesmith.engine.disk import write_tensors

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.bfloat16)}


def test_tensors_come_back_as_they_were(tmp_path: Path) -> None:
    write_tensors(tmp_path / "t.safetensors", TENSORS, Disk())
    found = load_file(tmp_path / "t.safetensors")
    assert found.keys() == TENSORS.keys()
    assert all(
        torch.equal(found[name], value) and found[name].dtype is value.dtype
        for name, value in TENSORS.items()
    )


def test_parameters_and_turned_tensors_can_be_written(tmp_path: Path) -> None:
    turned = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3)).T
    write_tensors(tmp_path / "t.safetensors", {"t": turned}, Disk())
    assert torch.equal(load_file(tmp_path / "t.safetensors")["t"], turned)


def test_no_tensors_are_a_file_as_well(tmp_path: Path) -> None:
    write_tensors(tmp_path / "t.safetensors", {}, Disk())
    assert load_file(tmp_path / "t.safetensors") == {}


def test_tensors_are_put_on_the_medium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inodes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: inodes.append(os.fstat(handle).st_ino))
    write_tensors(tmp_path / "t.safetensors", TENSORS, Disk())
    assert inodes == [(tmp_path / "t.safetensors").stat().st_ino]


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX limits the size of a file")
def test_a_disk_that_takes_no_more_is_a_system_error_with_its_number(tmp_path: Path) -> None:
    with no_file_beyond(4096), pytest.raises(OSError, match=r"too large.*t\.safetensors") as raised:
        write_tensors(tmp_path / "t.safetensors", {"t": torch.zeros(100_000)}, Disk())
    assert raised.value.errno == errno.EFBIG


def test_a_folder_that_does_not_exist_is_a_system_error_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_tensors(tmp_path / "missing" / "t.safetensors", TENSORS, Disk())
