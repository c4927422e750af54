"""Write a folder aside and put it in its place when it is whole, so that nobody ever finds half of it.

What is being written is `.writing-<name>-<number>` beside the folder; what is about to be replaced is
`.replaced-<name>`, from just before to just after the new folder gets the name. A kill can leave both.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from tunesmith.core.disk import Disk, as_os_error, is_full
from tunesmith.core.errors import DiskFull


@contextmanager
def write_aside(folder: Path, disk: Disk) -> Generator[Path]:
    """Give an empty folder to write into: in the end it becomes `folder`, or what was there stays.

    What a killed process left is cleared away first, so two processes must not write the same folder at a
    time. Raises DiskFull, with what was there intact, if there is no room.
    """
    aside = _new(folder)
    try:
        disk.make(folder.parent)
        _recover(folder, disk)
        aside.mkdir()
        yield aside
        disk.sync_all(aside)
        _put(aside, folder, disk)
    except Exception as error:
        known = as_os_error(error, folder)
        if known is not None and is_full(known):
            raise DiskFull(
                f"No room for the package {folder}: {known.strerror}. Make room, try again."
            ) from None
        raise
    finally:
        if aside.exists():
            with suppress(OSError):  # the next one that writes here tries again
                disk.remove(aside)


def _recover(folder: Path, disk: Disk) -> None:
    before = _replaced(folder)
    if before.exists():
        # Where the new folder has the name, the one before it is no longer needed; else it is still the best.
        disk.rename(before, _new(folder) if folder.exists() else folder)
    name = re.compile(rf"\.writing-{re.escape(folder.name)}-[0-9a-f]{{32}}")
    for leftover in [path for path in folder.parent.iterdir() if name.fullmatch(path.name)]:
        disk.remove(leftover)


def _put(aside: Path, folder: Path, disk: Disk) -> None:
    if not folder.exists():
        disk.rename(aside, folder)
        return
    before = _replaced(folder)
    try:
        disk.rename(folder, before)
        disk.rename(aside, folder)
    except BaseException:
        if not folder.exists():
            disk.rename(before, folder)
        raise
    disk.rename(before, aside)  # only now is it a leftover, and a removal cut short does no harm


def _new(folder: Path) -> Path:
    return folder.parent / f".writing-{folder.name}-{uuid4().hex}"


def _replaced(folder: Path) -> Path:
    return folder.parent / f".replaced-{folder.name}"
