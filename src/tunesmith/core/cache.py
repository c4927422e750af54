"""What was once computed, kept on disk under the hash of all it follows from, and shared by all runs.

There is nothing to invalidate: whatever changes, changes the hash, and so does Tunesmith's own code. Entries
are whole or not there; those not used for longest go when there are too many bytes.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from tunesmith.core.disk import Disk
from tunesmith.core.hashing import hash_code, hash_value

MOST_BYTES = 20 * 2**30
LEFT_SECONDS = 24 * 3600
"""How old a file must be that nobody finished, to be taken for one that nobody will."""
_DIGEST = hashlib.sha256().digest_size


class Cache:
    """A folder of entries; each is a file or a folder whose name says its kind and what it follows from."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self.most_bytes = most_bytes

    def read(self, kind: str, key: Mapping[str, Any]) -> bytes | None:
        """Give what `write` kept under this key; a damaged entry is removed and counts as not there."""
        path = self.find(kind, key)
        if path is None:
            return None
        try:
            stored = path.read_bytes()
        except OSError:  # another run removed it meanwhile, or the disk fails
            return None
        digest, content = stored[:_DIGEST], stored[_DIGEST:]
        if hashlib.sha256(content).digest() != digest:
            path.unlink(missing_ok=True)
            return None
        return content

    def write(self, kind: str, key: Mapping[str, Any], content: bytes) -> None:
        """Keep content behind its SHA-256; where there is no room or no right to write, nothing is kept."""
        with suppress(OSError):
            if self.has_room_for(len(content)):
                with self.adding(kind, key) as file:
                    file.write_bytes(hashlib.sha256(content).digest() + content)

    def find(self, kind: str, key: Mapping[str, Any]) -> Path | None:
        """Give the file of an entry, if it is there, and remember that it was used."""
        path = self._path(kind, key)
        try:
            os.utime(path)
        except OSError:  # not there, or not ours to touch
            return path if path.is_file() else None
        return path

    @contextmanager
    def adding(self, kind: str, key: Mapping[str, Any]) -> Generator[Path]:
        """Give a path to write to; it becomes the entry when the context ends, and is gone if that fails.

        What is made there is a file or a folder. An entry that another run added meanwhile stays.
        """
        path = self._path(kind, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.parent / f".writing-{uuid4().hex}"
        try:
            yield aside
            Disk().sync_all(aside)  # or a power cut could leave an entry of the right size, full of zeros
            if not path.is_dir():
                aside.replace(path)
        finally:
            _remove(aside)
        self._trim(keep=path)

    def has_room_for(self, size: int) -> bool:
        """Would an entry of so many bytes fit, on the disk and within the limit?"""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return False
        return size <= min(self.most_bytes, shutil.disk_usage(self.folder).free // 2)

    def _path(self, kind: str, key: Mapping[str, Any]) -> Path:
        return self.folder / kind / hash_value({"code": hash_code(), **key})

    def _trim(self, keep: Path) -> None:
        for left in self.folder.glob("*/.writing-*"):  # by a run that was killed
            with suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > LEFT_SECONDS:
                    _remove(left)
        entries: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("*/[!.]*"):
            with suppress(FileNotFoundError):  # another run removed it meanwhile
                entries.append((path.stat().st_mtime, _size(path), path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self.most_bytes:
                return
            if path != keep:
                _remove(path)
                total -= size


def _size(entry: Path) -> int:
    if not entry.is_dir():
        return entry.stat().st_size
    return sum(file.stat().st_size for file in entry.rglob("*") if file.is_file())


def _remove(entry: Path) -> None:
    if entry.is_dir():
        shutil.rmtree(entry, ignore_errors=True)  # another run may remove it, too
    else:
        entry.unlink(missing_ok=True)


def allocate(file: Path, size: int) -> None:
    """Make a file of so many bytes that are really on the disk; raises OSError where they do not fit.

    A mapped file with holes ends the process, without a word, when a hole cannot be filled.
    """
    with file.open("wb") as made:
        if hasattr(os, "posix_fallocate") and size:
            os.posix_fallocate(made.fileno(), 0, size)
        else:
            made.truncate(size)
