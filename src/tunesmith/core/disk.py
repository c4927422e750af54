"""The few ways in which work is kept on a disk, so that a test can make each of them fail."""

import errno
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path


class Disk:
    """A real disk. Writing and renaming leave their result on the medium, not only in the system's memory."""

    def write(self, path: Path, fill: Callable[[Path], object]) -> None:
        """Have `fill` write a file; what a library says of the system in words only is raised as OSError."""
        try:
            fill(path)
        except OSError:
            raise
        except Exception as error:
            if (known := as_os_error(error, path)) is not None:
                raise known from error
            raise
        self.sync(path)

    def write_text(self, path: Path, text: str) -> None:
        """Write UTF-8 text."""
        self.write(path, lambda path: path.write_text(text, encoding="utf-8", newline="\n"))

    def make(self, folder: Path) -> None:
        """Make a folder, and those above it, where they are missing."""
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            self.sync(path.parent)

    def sync(self, path: Path) -> None:
        """Wait until a file, or the list of names in a folder, is on the medium."""
        if path.is_dir() and os.name != "posix":
            return  # only POSIX can open a folder; elsewhere a rename is durable by itself
        handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def sync_all(self, folder: Path) -> None:
        """Wait until a folder and all that is in it is on the medium, whoever wrote it."""
        for path in (*sorted(folder.rglob("*")), folder):
            self.sync(path)

    def rename(self, old: Path, new: Path) -> None:
        """Give a finished folder its name, at once."""
        old.rename(new)
        self.sync(new.parent)

    def remove(self, folder: Path) -> None:
        """Remove a folder and everything in it."""
        shutil.rmtree(folder)

    def free_bytes(self, folder: Path) -> int:
        """How much room is left?"""
        return shutil.disk_usage(folder).free


def as_os_error(error: Exception, path: Path) -> OSError | None:
    """Give the system's error in an error, or None if there is none.

    Libraries written in Rust, such as safetensors, tell of a full or failing disk in words only.
    """
    if isinstance(error, OSError):
        return error
    number = re.search(r"\(os error (\d+)\)", str(error))
    return OSError(int(number[1]), os.strerror(int(number[1])), str(path)) if number else None


def is_full(error: OSError) -> bool:
    """Was there no room left, on the disk or of what one may use of it?"""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
