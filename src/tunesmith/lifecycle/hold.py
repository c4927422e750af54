"""Hold a run folder, so that no two processes work on the same run."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tunesmith.core.errors import BadRecipe


@contextmanager
def hold(folder: Path) -> Generator[None]:
    """Keep a folder for this process; raises BadRecipe if another one has it.

    The system lets go when the process ends, however it ends: a kill leaves nothing to clear away.
    """
    with (folder / ".held").open("ab") as file:
        try:
            _lock(file)
        except OSError:
            raise BadRecipe(
                f"{folder} is being worked on by another process. Wait for it, or stop it first."
            ) from None
        yield


def _lock(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
