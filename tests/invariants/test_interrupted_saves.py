"""A save or a rotation that is cut short at any operation costs nothing that was saved before."""

import errno
import os
import random
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
import torch

from failing_disks import FailingDisk, ForgetfulDisk, Killed, PowerCut
from tunesmith.core.cards import Checkpoint
from tunesmith.core.disk import Disk
from tunesmith.core.errors import DiskFull
from tunesmith.engine.checkpoint import newest, read, rotate, save, tensors_of

DISK = Disk()
RENAME = 11
"""The operation that makes a checkpoint visible: after the room, four files and the folder, each synced."""


def keep(folder: Path, step: int, disk: Disk = DISK) -> Checkpoint:
    tensors = {
        "weights": {"w": torch.full((7, 3), float(step))},
        "optimizer": {"m/w": torch.arange(5) * step},
    }
    return save(folder, step, tensors, {"step": step}, disk)


def assert_whole(checkpoint: Checkpoint, step: int) -> None:
    assert checkpoint == read(checkpoint.folder)
    assert (checkpoint.step, checkpoint.state) == (step, {"step": step})
    assert torch.equal(tensors_of(checkpoint, "weights")["w"], torch.full((7, 3), float(step)))
    assert torch.equal(tensors_of(checkpoint, "optimizer")["m/w"], torch.arange(5) * step)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def no_space() -> BaseException:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def broken_medium() -> BaseException:
    return OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize("stays", [False, True])
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("failure", [no_space, broken_medium, Killed])
def test_a_save_that_fails_at_any_operation_leaves_the_one_before_intact(
    tmp_path: Path, failure: Callable[[], BaseException], half: bool, stays: bool
) -> None:
    for at in count(1):
        folder = tmp_path / str(at)
        keep(folder, 1)
        disk = FailingDisk(at, failure(), half=half, stays=stays)
        try:
            keep(folder, 2, disk)
        except (OSError, DiskFull, Killed):
            found, rejected = newest(folder)
            assert found is not None
            is_renamed = at > RENAME or (at == RENAME and half)
            assert_whole(found, 2 if is_renamed else 1)
            assert rejected == []
        else:
            break
        assert_whole(keep(folder, 2), 2)
        rotate(folder, keep=1, best=None, disk=DISK)
        assert names(folder) == ["step-2"]
    assert at - 1 == disk.operations == RENAME + 1


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("failure", [no_space, broken_medium, Killed])
def test_a_rotation_that_fails_at_any_operation_leaves_newest_and_best_intact(
    tmp_path: Path, failure: Callable[[], BaseException], half: bool
) -> None:
    for at in count(1):
        folder = tmp_path / str(at)
        for step in (1, 2, 3, 4):
            keep(folder, step)
        shutil.copytree(folder / "step-3", folder / ".writing-0")
        disk = FailingDisk(at, failure(), half=half)
        try:
            rotate(folder, keep=1, best=1, disk=disk)
        except (OSError, Killed):
            found, rejected = newest(folder)
            assert found is not None
            assert_whole(found, 4)
            assert rejected == []
            assert_whole(read(folder / "step-1"), 1)
        else:
            break
        rotate(folder, keep=1, best=1, disk=DISK)
        assert names(folder) == ["step-1", "step-4"]
    assert at - 1 == disk.operations == 3


def after_power_loss(
    folder: Path, disk: ForgetfulDisk, found: Path, luck: int
) -> tuple[int | None, list[str]]:
    """Read the newest checkpoint from what is found when the power is back."""
    disk.what_survives(folder, found, random.Random(luck))
    checkpoint, rejected = newest(found / "checkpoints")
    if checkpoint is not None:
        assert_whole(checkpoint, checkpoint.step)
    return (checkpoint.step if checkpoint else None), rejected


def test_a_power_cut_at_any_operation_shows_no_half_written_checkpoint(tmp_path: Path) -> None:
    states = 0
    for at in count(1):
        run = tmp_path / str(at)
        run.mkdir()
        disk = ForgetfulDisk()
        keep(run / "checkpoints", 1, disk)
        disk.at = disk.operations + at
        try:
            keep(run / "checkpoints", 2, disk)
        except PowerCut:
            for luck in range(20):
                step, rejected = after_power_loss(run, disk, tmp_path / f"{at}-{luck}", luck)
                assert step in (1, 2)
                assert rejected == []
                states += 1
        else:
            break
    assert states == RENAME * 20  # all but asking for the free room


def test_a_checkpoint_that_was_reported_saved_survives_a_power_cut(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    disk = ForgetfulDisk()
    keep(tmp_path / "run" / "checkpoints", 1, disk)
    for luck in range(50):
        assert after_power_loss(tmp_path / "run", disk, tmp_path / str(luck), luck) == (1, [])


def test_the_power_cuts_are_hard_enough_to_lose_what_is_not_made_durable(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    disk = ForgetfulDisk(lies=True)
    keep(tmp_path / "run" / "checkpoints", 1, disk)
    found = [after_power_loss(tmp_path / "run", disk, tmp_path / str(luck), luck) for luck in range(50)]
    assert sum(step is None for step, _ in found) > 25
    assert any(rejected for _, rejected in found)
