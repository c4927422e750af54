"""Write a package anew with other memories beside the same model; the old one stays as it is."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from tunesmith.core.disk import Disk
from tunesmith.core.errors import BadOption
from tunesmith.core.hashing import hash_file
from tunesmith.core.service import Package
from tunesmith.export import manifest
from tunesmith.export.aside import write_aside
from tunesmith.export.manifest import Change, Manifest
from tunesmith.export.package import MEMORY

CARD = "README.md"
HEADING = "\n## What became of its memory\n"


def revise(
    folder: Path,
    to: Path,
    change: Callable[[Path], tuple[Change, ...]],
    prove: Callable[[Path], object],
    disk: Disk | None = None,
) -> Package:
    """Write a verified package into a new folder, with what `change` makes of the memories in it.

    What does not change is shared with the old package where the disk can do that, and copied elsewhere.
    `prove` is given the new package before it takes its place: where it raises, there is none. Raises
    BadOption where `to` exists, DiskFull if there is no room.
    """
    check_place(folder, to)
    described = manifest.read(folder)
    with write_aside(to, disk or Disk()) as aside:
        for name in described.files:
            _share(folder / name, aside / name)
        kept = described.kept
        kept = kept.model_copy(update={"changes": (*kept.changes, *change(aside / MEMORY))})
        _tell(folder / CARD, aside / CARD, to.name, kept.changes)
        files = _hashes(described, aside)
        described = described.model_copy(update={"kept": kept, "files": files})
        manifest.write(described, aside)
        prove(aside)
    return described.package(to)


def check_place(folder: Path, to: Path) -> None:
    """Refuse a folder that is there already, or that is inside the old package; raises BadOption."""
    if to.exists():
        raise BadOption(f"{to} exists already, and nothing is overwritten. Name another folder with --to.")
    if to.resolve().is_relative_to(folder.resolve()):
        raise BadOption(f"{to} is inside the package {folder}. Name a folder beside it with --to.")


def _share(old: Path, new: Path) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    try:
        new.hardlink_to(old)
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(old, new)


def _tell(old: Path, card: Path, name: str, changes: tuple[Change, ...]) -> None:
    """Write the card with the new folder's name, and with all changes of the memory at its end."""
    text = old.read_text(encoding="utf-8").partition(HEADING)[0]
    text = re.sub(r"^(tunesmith (?:chat|serve)) .+$", lambda found: f"{found[1]} {name}", text, flags=re.M)
    said = "\n".join(
        f"- {one.at}: {one.memory}: {one.added:,} rows came, {one.removed:,} went, {one.rows:,} are there now"
        for one in changes
    )
    measured = "The figures above were measured before that; `tunesmith evaluate` measures anew."
    text = f"{text.rstrip()}\n{HEADING}\n{said}\n\n{measured}\n"
    card.unlink()  # it may be shared with the old package
    card.write_text(text, encoding="utf-8", newline="\n")


def _hashes(before: Manifest, folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file; of those that cannot have changed it is known."""
    known = {name: digest for name, digest in before.files.items() if not name.startswith(f"{MEMORY}/")}
    known.pop(CARD, None)
    names = [name for name in manifest.names(folder) if name != manifest.FILE]
    return {name: known.get(name) or hash_file(folder / name) for name in names}
