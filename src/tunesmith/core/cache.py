"""What was once computed, kept on disk under the hash of all it follows from, and shared by all runs.

There is nothing to invalidate: whatever changes, changes the hash. Entries are whole or not there; those not
used for longest go when there are too many bytes.
"""

import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from tunesmith.core.hashing import hash_value

MOST_BYTES = 20 * 2**30
FORMAT = 1
"""Part of every hash: raise it when what is stored, or how it is computed, changes."""


class Cache:
    """A folder of entries; each is a file whose name says its kind and what it follows from."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self.most_bytes = most_bytes

    def find(self, kind: str, key: Mapping[str, Any]) -> Path | None:
        """Give the file of an entry, if it is there, and remember that it was used."""
        path = self._path(kind, key)
        if not path.is_file():
            return None
        os.utime(path)
        return path

    @contextmanager
    def adding(self, kind: str, key: Mapping[str, Any]) -> Generator[Path]:
        """Give a file to write to; it becomes the entry when the context ends, and is gone if that fails."""
        path = self._path(kind, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.parent / f".writing-{uuid4().hex}"
        try:
            yield aside
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
        self._trim(keep=path)

    def has_room_for(self, size: int) -> bool:
        """Would an entry of so many bytes fit, on the disk and within the limit?"""
        self.folder.mkdir(parents=True, exist_ok=True)
        return size <= min(self.most_bytes, shutil.disk_usage(self.folder).free // 2)

    def _path(self, kind: str, key: Mapping[str, Any]) -> Path:
        return self.folder / kind / hash_value({"format": FORMAT, **key})

    def _trim(self, keep: Path) -> None:
        entries: list[tuple[os.stat_result, Path]] = []
        for path in self.folder.glob("*/[!.]*"):
            with suppress(FileNotFoundError):  # another run removed it meanwhile
                entries.append((path.stat(), path))
        total = sum(stat.st_size for stat, _ in entries)
        for stat, path in sorted(entries, key=lambda entry: entry[0].st_mtime):
            if total <= self.most_bytes:
                return
            if path != keep:
                path.unlink(missing_ok=True)
                total -= stat.st_size
