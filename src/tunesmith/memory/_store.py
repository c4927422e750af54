"""The memory on a disk: flat arrays, read without loading them, and the rows that their entries are from.

A memory's folder holds one version of it, a folder `version-<n>` that is never changed. A change writes the
next version aside, gives it its name when all of it is on the medium, and removes the one before: a kill or
a full disk at any moment leaves the old memory or the new one. Two processes must not change one at a time.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tunesmith.core.disk import Disk, is_full
from tunesmith.core.errors import BadData, BadRecipe, DiskFull
from tunesmith.core.memory import Changed
from tunesmith.core.registry import did_you_mean
from tunesmith.memory._manifest import (
    MANIFEST,
    ROWS,
    Column,
    Kept,
    Manifest,
    hashes,
    read_manifest,
    read_rows,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

Piece = tuple[Kept, Mapping[str, "NDArray[Any]"]]
"""A row and its part of every array: [entries] or [entries, width], or the one line that is the row's."""

Finish = Callable[["Store"], Mapping[str, float]]
"""Adds what follows from the arrays to a version that is being written, and gives figures worth recording."""


def nothing_more(_: Store) -> Mapping[str, float]:
    """Finish a version whose arrays are all there is."""
    return {}


@dataclass(frozen=True)
class Store:
    """One version of a memory; its arrays are mapped from the disk when they are asked for."""

    folder: Path
    manifest: Manifest
    rows: tuple[Kept, ...]

    @cached_property
    def ends(self) -> NDArray[Any]:
        """Where the entries of each row end, and those of the next begin."""
        import numpy as np

        return np.cumsum([0, *(row.entries for row in self.rows)])

    @property
    def entries(self) -> int:
        """How many entries there are."""
        return int(self.ends[-1])

    @cached_property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Map the arrays from the disk, each as its column describes it; writing to one changes no file."""
        return {name: self._mapped(name, column) for name, column in self.manifest.columns.items()}

    def pieces(self, without: Collection[str] = ()) -> Iterator[Piece]:
        """Give every row with its part of the arrays, but for those with one of these keys."""
        by_row = {name for name, column in self.manifest.columns.items() if column.per == "row"}
        for number, row in enumerate(self.rows):
            if row.key not in without:
                own, line = slice(*self.ends[number : number + 2]), slice(number, number + 1)
                yield (
                    row,
                    {name: array[line if name in by_row else own] for name, array in self.arrays.items()},
                )

    def check_options(self, about: Mapping[str, Any]) -> None:
        """Refuse options that other arrays would follow from; raises BadRecipe."""
        if self.manifest.about != about:
            raise BadRecipe(
                f"The memory in {self.folder.parent} was made with other options: "
                f"{_say(self.manifest.about)}, not {_say(about)}. Use those, or build it again elsewhere."
            )

    def save(self, folder: Path) -> None:
        """Copy the memory into a new folder, as it is."""
        shutil.copytree(self.folder, folder / "version-1")

    def _mapped(self, name: str, column: Column) -> NDArray[Any]:
        import numpy as np

        shape = column.shape(len(self.rows), self.entries)
        if 0 in shape:  # an empty file cannot be mapped
            return np.zeros(shape, column.dtype)
        return np.asarray(np.memmap(self.folder / name, column.dtype, "c", shape=shape))


def newest(folder: Path) -> Path | None:
    """Give the folder of the memory's version, or None if there is no memory."""
    return max(_versions(folder), key=_number, default=None)


def read(folder: Path, kind: str, made_with: str | None = None) -> Store:
    """Read a memory and verify every file; raises BadRecipe for another kind's or another model's.

    Where `made_with` is unset, the memory of any model is read: to remove rows, no model is needed.
    """
    version = newest(folder)
    if version is None:
        raise BadRecipe(f"{folder} holds no memory. Add rows to it first.")
    manifest = read_manifest(version)
    _check(manifest, kind, made_with, folder)
    return Store(version, manifest, read_rows(version, manifest))


def add(
    folder: Path, blank: Manifest, keys: Sequence[str], pieces: Iterable[Piece], finish: Finish, disk: Disk
) -> Changed:
    """Write rows behind those that are there; `blank` describes a memory without any.

    `keys` are those of the rows in `pieces`: rows that have one of them already are left out.
    """
    _refuse_twice(keys)
    new, version = set(keys), newest(folder)
    if version is None:
        written = _write(folder, blank, pieces, finish, disk)
        return Changed(len(new), 0, 0, len(new), written.entries)
    before = read(folder, blank.kind, blank.made_with)
    before.check_options(blank.about)
    known = {row.key for row in before.rows}
    both = _joined(before.pieces(new), pieces)
    written = _write(folder, before.manifest, both, finish, disk)
    return Changed(len(new), len(known & new), 0, len(known | new), written.entries)


def remove(
    store: Store, keys: Collection[str], sources: Collection[str], finish: Finish, disk: Disk
) -> Changed:
    """Write the memory without the rows that have one of these keys, or are from one of these sources."""
    known = {row.key for row in store.rows}
    _refuse_unknown("row", set(keys) - known, known)
    _refuse_unknown("source", set(sources) - (from_ := {row.source for row in store.rows}), from_)
    gone = {row.key for row in store.rows if row.key in keys or row.source in sources}
    written = _write(store.folder.parent, store.manifest, store.pieces(gone), finish, disk)
    return Changed(0, 0, len(gone), len(known - gone), written.entries)


def settle(store: Store, tuned: Mapping[str, float], disk: Disk) -> None:
    """Record what was chosen on held-out rows; the arrays are not copied where the disk can share them."""
    manifest = store.manifest.model_copy(update={"tuned": dict(tuned)})

    def fill(aside: Path) -> None:
        for name in manifest.files:
            _share(store.folder / name, aside / name)
        _write_manifest(aside, manifest, disk)

    _commit(store.folder.parent, fill, disk)


def _write(folder: Path, before: Manifest, pieces: Iterable[Piece], finish: Finish, disk: Disk) -> Store:
    written: list[Store] = []

    def fill(aside: Path) -> None:
        store = _stream(aside, before, pieces)
        measured = dict(finish(store))
        manifest = store.manifest.model_copy(update={"measured": measured, "files": hashes(aside)})
        _write_manifest(aside, manifest, disk)
        written.append(store)

    _commit(folder, fill, disk)
    return written[0]


def _stream(aside: Path, before: Manifest, pieces: Iterable[Piece]) -> Store:
    """Write arrays row by row: what is in memory is one row."""
    import numpy as np

    rows: list[Kept] = []
    widths = {name: column.width for name, column in before.columns.items()}
    with ExitStack() as opened:
        files = {name: opened.enter_context((aside / name).open("wb")) for name in before.columns}
        listed = opened.enter_context((aside / ROWS).open("w", encoding="utf-8", newline="\n"))
        for row, arrays in pieces:
            rows.append(row)
            listed.write(json.dumps(asdict(row), ensure_ascii=True) + "\n")
            for name, array in arrays.items():
                if len(array):
                    widths[name] = array.shape[1] if array.ndim > 1 else 0
                files[name].write(np.ascontiguousarray(array, before.columns[name].dtype).tobytes())
    columns = {
        name: column.model_copy(update={"width": widths[name]}) for name, column in before.columns.items()
    }
    entries = sum(row.entries for row in rows)
    counted = {"columns": columns, "rows": len(rows), "entries": entries}
    return Store(aside, before.model_copy(update=counted), tuple(rows))


def _commit(folder: Path, fill: Callable[[Path], None], disk: Disk) -> None:
    """Have a version written, and put it in the place of the one before."""
    version = newest(folder)
    final = folder / f"version-{_number(version) + 1 if version else 1}"
    aside = folder / f".writing-{uuid4().hex}"
    try:
        disk.make(folder)
        _clear(folder, version, disk)
        aside.mkdir()
        fill(aside)
        disk.sync_all(aside)
        disk.rename(aside, final)
    except Exception as error:
        with suppress(OSError):  # the next change tries again
            disk.remove(aside)
        if isinstance(error, OSError) and is_full(error):
            raise DiskFull(
                f"No room for the memory in {folder}: {error.strerror}. What it held before is intact. "
                "Make room, try again."
            ) from None
        raise
    _clear(folder, final, disk)


def _clear(folder: Path, version: Path | None, disk: Disk) -> None:
    """Remove all versions but this one, and what a killed process left."""
    for path in [*folder.glob(".writing-*"), *_versions(folder)]:
        if path != version:
            disk.remove(path)


def _write_manifest(aside: Path, manifest: Manifest, disk: Disk) -> None:
    disk.write_text(aside / MANIFEST, manifest.model_dump_json(indent=2) + "\n")


def _share(old: Path, new: Path) -> None:
    try:
        new.hardlink_to(old)
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(old, new)


def _joined(before: Iterable[Piece], new: Iterable[Piece]) -> Iterator[Piece]:
    yield from before
    yield from new


def _check(manifest: Manifest, kind: str, made_with: str | None, folder: Path) -> None:
    if manifest.kind != kind:
        raise BadRecipe(
            f"{folder} holds a memory of {manifest.kind}, not of {kind}. Name it so, or another folder."
        )
    if made_with is not None and manifest.made_with != made_with:
        raise BadRecipe(
            f"The memory in {folder} was made with another model ({manifest.made_with[:12]}, not "
            f"{made_with[:12]}): what one model keeps, another cannot read. Build it again with this one."
        )


def _refuse_twice(keys: Sequence[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise BadData(
                f"Two rows are called {key!r}: a memory knows them by their names. Name one otherwise."
            )
        seen.add(key)


def _refuse_unknown(what: str, unknown: set[str], known: set[str]) -> None:
    if unknown:
        first = min(unknown)
        shown = did_you_mean(first, sorted(known)) if len(known) <= 20 else f" It knows {len(known)}."
        raise BadData(f"The memory has no {what} called {first!r}.{shown} Nothing was removed.")


def _say(about: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in about.items())


def _versions(folder: Path) -> list[Path]:
    return [path for path in folder.glob("version-*") if path.is_dir() and path.name[8:].isdigit()]


def _number(version: Path) -> int:
    return int(version.name[8:])
