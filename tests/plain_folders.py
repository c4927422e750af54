"""Folders that are written aside: whole only if both of their files say the same word."""

from pathlib import Path

from tunesmith.core.disk import Disk
from tunesmith.export.aside import write_aside

DISK = Disk()


def put(folder: Path, word: str, disk: Disk = DISK) -> None:
    """Write a folder of one word, aside and then in its place."""
    with write_aside(folder, disk) as aside:
        fill(aside, word)


def fill(folder: Path, word: str) -> None:
    """Write both files of a folder that is there."""
    (folder / "a").write_text(word)
    (folder / "below").mkdir()
    (folder / "below" / "b").write_text(word)


def word_of(folder: Path) -> str | None:
    """Give the word that a folder says, or None if there is no such folder; half a folder is a failure."""
    if not folder.exists():
        return None
    words = [(folder / name).read_text() for name in ("a", "below/b")]
    assert words[0] == words[1]
    assert words[0]
    return words[0]


def names(folder: Path) -> list[str]:
    """List what is in a folder, hidden things as well."""
    return sorted(path.name for path in folder.iterdir())
