"""The few ways in which a checkpoint touches the disk, so that a test can make each of them fail."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor


class Disk:
    """A real disk. Every method leaves its result on the medium, not only in the system's memory."""

    def write_tensors(self, path: Path, tensors: Mapping[str, Tensor]) -> None:
        """Write tensors as safetensors."""
        plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        try:
            save_file(plain, path)
        except SafetensorError as error:
            raise _as_os_error(error, path) from error
        self.sync(path)

    def write_text(self, path: Path, text: str) -> None:
        """Write UTF-8 text."""
        path.write_text(text, encoding="utf-8", newline="\n")
        self.sync(path)

    def sync(self, path: Path) -> None:
        """Wait until a file, or the list of names in a folder, is on the medium."""
        if path.is_dir() and os.name != "posix":
            return  # only POSIX can open a folder; elsewhere a rename is durable by itself
        handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

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


def _as_os_error(error: SafetensorError, path: Path) -> Exception:
    """Safetensors tells of a full or failing disk in words only: give the system's error back its number."""
    number = re.search(r"\(os error (\d+)\)", str(error))
    return OSError(int(number[1]), os.strerror(int(number[1])), str(path)) if number else error
