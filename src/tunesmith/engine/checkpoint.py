"""Checkpoints that are whole or not there: write aside, make durable, list with hashes, rename, then rotate.

A checkpoint is a folder `step-<n>` with safetensors and JSON files and a `manifest.json` that names the
size and SHA-256 of each. The manifest is written last and the folder renamed after that, so a kill, a
power cut or a full disk at any moment leaves the checkpoints before it intact.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from safetensors.torch import load_file
from torch import Tensor

from tunesmith.core.cards import Checkpoint
from tunesmith.core.disk import Disk, is_full
from tunesmith.core.errors import DamagedFile, DiskFull
from tunesmith.core.hashing import hash_file
from tunesmith.engine.disk import write_tensors

FORMAT = 1


def save(
    folder: Path, step: int, tensors: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any], disk: Disk
) -> Checkpoint:
    """Write `step-<n>`, one safetensors file per entry of `tensors` and `state.json`; all of it or nothing.

    Raises DiskFull, with everything saved before intact, when there is no room.
    """
    final = folder / f"step-{step}"
    if final.is_dir():
        try:
            # A resumed run comes by its own checkpoint again. It is the same to the bit, or lacks only the
            # validation after its step, which is then made again.
            return read(final)
        except DamagedFile:
            disk.remove(final)
    disk.make(folder)
    _check_room(folder, tensors, disk)
    aside = folder / f".writing-{uuid4().hex}"
    try:
        aside.mkdir()
        _write(aside, step, tensors, state, disk)
        disk.rename(aside, final)
    except OSError as error:
        if aside.exists():
            disk.remove(aside)
        if is_full(error):
            raise DiskFull(
                f"No room to save {final}: {error.strerror}. Make room and resume the run."
            ) from None
        raise
    for later in (path for path in _all(folder) if _step(path) > step):
        disk.remove(later)  # passed over as damaged, or the run would have gone on from there
    return Checkpoint(final, step, state)


def newest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """Give the newest checkpoint that verifies, and say of every newer one why it does not."""
    rejected: list[str] = []
    for path in sorted(_all(folder), key=_step, reverse=True):
        try:
            return read(path), rejected
        except DamagedFile as damage:
            rejected.append(str(damage))
    return None, rejected


def read(folder: Path) -> Checkpoint:
    """Verify every file against the manifest; raises DamagedFile naming the first that differs."""
    for name, (size, digest) in _manifest(folder).items():
        path = folder / name
        if path.parent != folder:
            raise DamagedFile(f"{folder / 'manifest.json'} names {name!r}, which is not in {folder.name}.")
        if not path.is_file():
            raise DamagedFile(f"{path} is missing.")
        try:
            is_whole = path.stat().st_size == size and hash_file(path) == digest
        except OSError as error:
            raise DamagedFile(f"{path} cannot be read: {error}.") from None
        if not is_whole:
            raise DamagedFile(
                f"{path} is not what was written: its size or SHA-256 differs from the manifest."
            )
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    return Checkpoint(folder, _step(folder), state)


def tensors_of(checkpoint: Checkpoint, name: str) -> dict[str, Tensor]:
    """Load one safetensors file of a verified checkpoint."""
    return load_file(checkpoint.folder / f"{name}.safetensors")


def rotate(folder: Path, keep: int, best: int | None, disk: Disk) -> None:
    """Remove all but the newest `keep` checkpoints and the best, and what an interrupted save left behind."""
    for leftover in folder.glob(".writing-*"):
        disk.remove(leftover)
    steps = sorted(_all(folder), key=_step, reverse=True)
    for path in steps[keep:]:
        if _step(path) != best:
            disk.remove(path)


def _write(
    aside: Path, step: int, tensors: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any], disk: Disk
) -> None:
    for name, content in tensors.items():
        write_tensors(aside / f"{name}.safetensors", content, disk)
    disk.write_text(aside / "state.json", json.dumps(state, indent=2, sort_keys=True))
    files = {path.name: [path.stat().st_size, hash_file(path)] for path in sorted(aside.iterdir())}
    manifest = {"format": FORMAT, "step": step, "files": files}
    disk.write_text(aside / "manifest.json", json.dumps(manifest, indent=2))
    disk.sync(aside)


def _check_room(folder: Path, tensors: Mapping[str, Mapping[str, Tensor]], disk: Disk) -> None:
    need = sum(
        tensor.numel() * tensor.element_size() for content in tensors.values() for tensor in content.values()
    )
    have = disk.free_bytes(folder)
    if have < need:
        raise DiskFull(
            f"No room for a checkpoint in {folder}: it needs {need / 1e6:.1f} MB, {have / 1e6:.1f} MB are "
            "free. Make room and resume the run."
        )


def _manifest(folder: Path) -> dict[str, tuple[int, str]]:
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version, step = manifest["format"], manifest["step"]
        files = {name: (size, digest) for name, (size, digest) in manifest["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedFile(f"{path} cannot be read: {type(error).__name__}: {error}.") from None
    if version != FORMAT:
        raise DamagedFile(f"{path} has format {version}; this version reads format {FORMAT}.")
    if folder.name != f"step-{step}":
        raise DamagedFile(f"{path} belongs to step {step}, not to {folder.name}.")
    return files


def _all(folder: Path) -> list[Path]:
    return [path for path in folder.glob("step-*") if path.is_dir() and path.name[5:].isdigit()]


def _step(path: Path) -> int:
    return int(path.name[5:])
