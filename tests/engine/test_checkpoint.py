import json
import os
import shutil
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tunesmith.core.cards import Checkpoint
from tunesmith.core.disk import Disk
from tunesmith.core.errors import DamagedFile, DiskFull
from tunesmith.core.hashing import hash_file
from tunesmith.engine.checkpoint import newest, read, rotate, save, tensors_of

DISK = Disk()
FILES = ["manifest.json", "optimizer.safetensors", "state.json", "weights.safetensors"]


def content(step: int) -> dict[str, dict[str, Tensor]]:
    return {"weights": {"w": torch.full((7, 3), float(step))}, "optimizer": {"m/w": torch.arange(5) * step}}


def keep(folder: Path, step: int, disk: Disk = DISK) -> Checkpoint:
    return save(folder, step, content(step), {"step": step, "note": "ä"}, disk)


def assert_whole(checkpoint: Checkpoint, step: int) -> None:
    assert checkpoint == read(checkpoint.folder)
    assert (checkpoint.step, checkpoint.state) == (step, {"step": step, "note": "ä"})
    for name, tensors in content(step).items():
        found = tensors_of(checkpoint, name)
        assert found.keys() == tensors.keys()
        assert all(torch.equal(found[key], value) for key, value in tensors.items())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def flip(path: Path, byte: int, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[byte] ^= 1 << bit
    path.write_bytes(data)


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    saved = keep(tmp_path / "checkpoints", 12)
    assert saved.folder == tmp_path / "checkpoints" / "step-12"
    assert_whole(saved, 12)


def test_the_manifest_names_size_and_hash_of_every_other_file(tmp_path: Path) -> None:
    folder = keep(tmp_path, 3).folder
    manifest = json.loads((folder / "manifest.json").read_text())
    assert names(folder) == FILES
    assert manifest["format"] == 1
    assert manifest["step"] == 3
    assert manifest["files"] == {
        name: [(folder / name).stat().st_size, hash_file(folder / name)] for name in FILES[1:]
    }


def test_nothing_else_is_left_beside_a_checkpoint(tmp_path: Path) -> None:
    keep(tmp_path, 3)
    assert names(tmp_path) == ["step-3"]


@pytest.mark.parametrize("name", FILES[1:])
def test_every_flipped_bit_is_found_and_its_file_named(tmp_path: Path, name: str) -> None:
    folder = keep(tmp_path, 3).folder
    path = folder / name
    whole = path.read_bytes()
    for byte in range(len(whole)):
        flip(path, byte, bit=byte % 8)
        with pytest.raises(DamagedFile, match=name):
            read(folder)
        path.write_bytes(whole)
    assert_whole(read(folder), 3)


@pytest.mark.parametrize("bit", range(8))
def test_no_flipped_bit_of_the_manifest_passes(tmp_path: Path, bit: int) -> None:
    path = save(tmp_path, 10, {}, {"step": 10}, DISK).folder / "manifest.json"
    whole = path.read_bytes()
    for byte in range(len(whole)):
        flip(path, byte, bit)
        with pytest.raises(DamagedFile, match="step-10"):
            read(path.parent)
        path.write_bytes(whole)
    assert read(path.parent).step == 10


@pytest.mark.parametrize("name", ["../step-4/state.json", "/etc/passwd", "inner/state.json"])
def test_a_manifest_never_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    path = keep(tmp_path, 3).folder / "manifest.json"
    path.write_text(path.read_text().replace('"state.json"', json.dumps(name)))
    with pytest.raises(DamagedFile, match=f"names '{name}', which is not in step-3"):
        read(path.parent)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = keep(tmp_path, 3).folder
    (folder / name).unlink()
    with pytest.raises(DamagedFile, match=name):
        read(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_is_named(tmp_path: Path, name: str) -> None:
    folder = keep(tmp_path, 3).folder
    os.truncate(folder / name, (folder / name).stat().st_size - 1)
    with pytest.raises(DamagedFile, match=name):
        read(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", '{"format": 1}', '{"format": 1, "step": 3, "files": [1]}', "\x00" * 9]
)
def test_a_manifest_that_says_something_else_is_damaged(tmp_path: Path, text: str) -> None:
    folder = keep(tmp_path, 3).folder
    (folder / "manifest.json").write_text(text)
    with pytest.raises(DamagedFile, match=r"manifest.json cannot be read"):
        read(folder)


def test_a_manifest_of_another_format_says_so(tmp_path: Path) -> None:
    folder = keep(tmp_path, 3).folder
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(DamagedFile, match=r"has format 2; this version reads format 1"):
        read(folder)


def test_a_checkpoint_under_another_step_is_damaged(tmp_path: Path) -> None:
    keep(tmp_path, 3).folder.rename(tmp_path / "step-30")
    with pytest.raises(DamagedFile, match=r"belongs to step 3, not to step-30"):
        read(tmp_path / "step-30")


@pytest.mark.skipif(sys.platform != "linux", reason="a file that cannot be read is had from /proc")
def test_a_file_the_medium_cannot_give_back_is_damaged(tmp_path: Path) -> None:
    folder = keep(tmp_path, 3).folder
    size, digest = (folder / "state.json").stat().st_size, hash_file(folder / "state.json")
    (folder / "state.json").unlink()
    (folder / "state.json").symlink_to("/proc/self/mem")
    manifest = (folder / "manifest.json").read_text()
    assert f'{size},\n      "{digest}"' in manifest
    (folder / "manifest.json").write_text(manifest.replace(f'{size},\n      "{digest}"', f'0, "{digest}"'))
    with pytest.raises(DamagedFile, match=r"state.json cannot be read: .*Input/output error"):
        read(folder)


def test_the_newest_is_the_one_with_the_highest_step(tmp_path: Path) -> None:
    for step in (2, 9, 10):
        keep(tmp_path, step)
    found, rejected = newest(tmp_path)
    assert found is not None
    assert_whole(found, 10)
    assert rejected == []


def test_a_damaged_newest_gives_way_to_the_one_before_with_the_reason_said(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        keep(tmp_path, step)
    flip(tmp_path / "step-3" / "weights.safetensors", 90, 2)
    (tmp_path / "step-2" / "state.json").unlink()
    found, rejected = newest(tmp_path)
    assert found is not None
    assert_whole(found, 1)
    assert len(rejected) == 2
    assert "step-3/weights.safetensors is not what was written" in Path(rejected[0]).as_posix()
    assert "step-2/state.json is missing" in Path(rejected[1]).as_posix()


def test_with_nothing_to_read_there_is_no_newest(tmp_path: Path) -> None:
    assert newest(tmp_path / "never-made") == (None, [])
    assert newest(tmp_path) == (None, [])
    (tmp_path / "step-1").mkdir()
    found, rejected = newest(tmp_path)
    assert found is None
    assert len(rejected) == 1


def test_only_folders_named_after_a_step_are_looked_at(tmp_path: Path) -> None:
    keep(tmp_path, 3)
    shutil.copytree(tmp_path / "step-3", tmp_path / ".writing-0")
    shutil.copytree(tmp_path / "step-3", tmp_path / "step-4-copy")
    (tmp_path / "step-5").write_text("a file")
    found, rejected = newest(tmp_path)
    assert found is not None
    assert (found.step, rejected) == (3, [])


def test_rotating_keeps_the_newest_and_the_best(tmp_path: Path) -> None:
    for step in range(1, 13):
        keep(tmp_path, step)
    rotate(tmp_path, keep=2, best=4, disk=DISK)
    assert names(tmp_path) == ["step-11", "step-12", "step-4"]
    rotate(tmp_path, keep=1, best=12, disk=DISK)
    assert names(tmp_path) == ["step-12"]
    rotate(tmp_path, keep=3, best=None, disk=DISK)
    assert names(tmp_path) == ["step-12"]


def test_rotating_removes_what_an_interrupted_save_left_behind(tmp_path: Path) -> None:
    keep(tmp_path, 3)
    shutil.copytree(tmp_path / "step-3", tmp_path / ".writing-0")
    rotate(tmp_path, keep=2, best=None, disk=DISK)
    assert names(tmp_path) == ["step-3"]


def test_a_step_that_is_saved_again_is_left_as_it_is(tmp_path: Path) -> None:
    keep(tmp_path, 3)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "step-3").iterdir()}
    assert_whole(keep(tmp_path, 3), 3)
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "step-3").iterdir()} == before


def test_a_damaged_step_is_written_anew(tmp_path: Path) -> None:
    keep(tmp_path, 3)
    flip(tmp_path / "step-3" / "weights.safetensors", 90, 2)
    assert_whole(keep(tmp_path, 3), 3)


def test_damaged_checkpoints_of_later_steps_never_crowd_out_a_whole_one(tmp_path: Path) -> None:
    for step in (2, 6):
        keep(tmp_path, step)
    flip(tmp_path / "step-6" / "weights.safetensors", 90, 2)
    keep(tmp_path, 4)
    rotate(tmp_path, keep=1, best=2, disk=DISK)
    assert names(tmp_path) == ["step-2", "step-4"]


class FullDisk(Disk):
    def free_bytes(self, folder: Path) -> int:
        """A little less than two small tensors need."""
        return 100


def test_without_room_nothing_is_begun_and_need_and_room_are_said(tmp_path: Path) -> None:
    keep(tmp_path, 1)
    with pytest.raises(DiskFull, match=r"needs 4\.0 MB, 0\.0 MB are free\. Make room and resume"):
        save(tmp_path, 2, {"weights": {"w": torch.zeros(1_000_000)}}, {"step": 2}, FullDisk())
    assert names(tmp_path) == ["step-1"]


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX limits the size of a file")
def test_a_disk_that_fills_up_while_saving_keeps_what_was_saved_and_frees_what_was_begun(
    tmp_path: Path,
) -> None:
    import resource

    keep(tmp_path, 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(DiskFull, match=r"No room to save .*step-2: .*too large\. Make room and resume"):
            save(tmp_path, 2, {"weights": {"w": torch.zeros(100_000)}}, {"step": 2}, DISK)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == ["step-1"]
