"""Disks that fail at a chosen operation, and one that forgets at a power cut what was not made durable."""

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tunesmith.core.disk import Disk


class Killed(BaseException):
    """The process ends here: nothing that catches errors may run on."""


class PowerCut(BaseException):
    """The machine ends here."""


class FailingDisk(Disk):
    """Fails at operation number `at`, and if `stays` at all after it; `half` leaves half a result behind."""

    def __init__(self, at: int, error: BaseException, *, half: bool = False, stays: bool = False) -> None:
        self.at = at
        self.error = error
        self.half = half
        self.stays = stays
        self.operations = 0

    def write(self, path: Path, fill: Callable[[Path], object]) -> None:
        """Write half of a file, or none of it, when its turn to fail has come."""
        if self._fails():
            if self.half:
                fill(path)
                _halve(path)
            self._end()
        super().write(path, fill)

    def sync(self, path: Path) -> None:
        """Do not wait when its turn to fail has come."""
        if self._fails():
            self._end()
        super().sync(path)

    def rename(self, old: Path, new: Path) -> None:
        """Rename, or do not, when its turn to fail has come."""
        if self._fails():
            if self.half:
                old.rename(new)
            self._end()
        super().rename(old, new)

    def remove(self, folder: Path) -> None:
        """Remove every other file, or none, when its turn to fail has come."""
        if self._fails():
            if self.half:
                for path in [path for path in sorted(folder.rglob("*")) if path.is_file()][::2]:
                    path.unlink()
            self._end()
        super().remove(folder)

    def free_bytes(self, folder: Path) -> int:
        """Give no answer when its turn to fail has come."""
        if self._fails():
            self._end()
        return super().free_bytes(folder)

    def _end(self) -> NoReturn:
        raise self.error

    def _fails(self) -> bool:
        self.operations += 1
        return self.operations == self.at or (self.stays and self.operations > self.at)


class KillingDisk(FailingDisk):
    """Kills its process at operation number `at`, with nothing left to catch; POSIX only."""

    def __init__(self, at: int, *, half: bool = False) -> None:
        super().__init__(at, Killed(), half=half)

    def _end(self) -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise self.error


class ForgetfulDisk(Disk):
    """A real disk that remembers what was made durable, and cuts the power before operation number `at`.

    Files and folders are told apart by their inode, so a rename moves what is known about them.
    """

    def __init__(self, at: int | None = None, *, lies: bool = False) -> None:
        self.at = at
        self.lies = lies
        self.operations = 0
        self.contents: dict[int, bytes] = {}
        self.names: dict[int, dict[str, int]] = {}

    def write(self, path: Path, fill: Callable[[Path], object]) -> None:
        """Write, and let the base class make it durable through `sync`."""
        self._count()
        super().write(path, fill)

    def sync(self, path: Path) -> None:
        """Note what is durable from now on; a disk that lies notes nothing."""
        self._count()
        super().sync(path)
        if self.lies:
            return
        if path.is_dir():
            self.names[path.stat().st_ino] = {child.name: child.stat().st_ino for child in path.iterdir()}
        else:
            self.contents[path.stat().st_ino] = path.read_bytes()

    def rename(self, old: Path, new: Path) -> None:
        """Rename, and let the base class make it durable through `sync`."""
        self._count()
        super().rename(old, new)

    def remove(self, folder: Path) -> None:
        """Remove a folder, for good."""
        self._count()
        super().remove(folder)

    def what_survives(self, live: Path, found: Path, luck: random.Random) -> None:
        """Write what may be found after the cut: all that was durable, and by luck some of the rest.

        A rename that was not durable has happened, or it has not, and the thing has its durable name still.
        """
        found.mkdir()
        durable = self.names.get(live.stat().st_ino, {})
        for child in sorted(live.iterdir()):
            number, name = child.stat().st_ino, child.name
            if durable.get(name) != number and luck.random() < 0.5:
                name = next((before for before, known in durable.items() if known == number), None)
            if name is None or (found / name).exists():
                continue
            if child.is_dir():
                self.what_survives(child, found / name, luck)
            else:
                (found / name).write_bytes(self._content(child, number, luck))

    def _content(self, path: Path, number: int, luck: random.Random) -> bytes:
        whole = path.read_bytes()
        if self.contents.get(number) == whole:
            return whole
        half = whole[: luck.randrange(len(whole) + 1)]
        return luck.choice([whole, half, b"", bytes(len(whole))])

    def _count(self) -> None:
        self.operations += 1
        if self.at is not None and self.operations >= self.at:
            raise PowerCut


def _halve(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
