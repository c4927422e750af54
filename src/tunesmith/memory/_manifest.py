"""What a version of a memory says of itself: its arrays, whose they are, and the SHA-256 of every file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tunesmith.core.errors import DamagedFile
from tunesmith.core.hashing import hash_file
from tunesmith.core.registry import explain

MANIFEST = "manifest.json"
ROWS = "rows.jsonl"
FORMAT = 1


class Section(BaseModel):
    """A part of the manifest: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Section):
    """An array: its type as numpy writes it, and for what it has a number, or `width` numbers if not 0."""

    dtype: Literal["<f2", "<f4", "<f8", "<i4", "|u1"]
    width: int = 0
    per: Literal["entry", "row"] = "entry"

    def shape(self, rows: int, entries: int) -> tuple[int, ...]:
        """Give the shape of the array in a memory of so many rows and entries."""
        length = entries if self.per == "entry" else rows
        return (length, self.width) if self.width else (length,)


class Manifest(Section):
    """A manifest.json, checked.

    `about` are the options that the arrays follow from, `tuned` what was chosen on held-out rows, `measured`
    what was found when they were written.
    """

    format: Literal[1] = FORMAT
    kind: str
    made_with: str
    about: dict[str, Any]
    columns: dict[str, Column]
    rows: int = 0
    entries: int = 0
    tuned: dict[str, float] = {}
    measured: dict[str, float] = {}
    files: dict[str, tuple[int, str]] = {}


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of the memory, or a part of one: `digest` is the hash of what it says, whatever it is called."""

    key: str
    source: str
    digest: str
    entries: int


_KEPT = TypeAdapter(Kept)


def read_manifest(version: Path) -> Manifest:
    """Read a manifest and verify every file that it names; raises DamagedFile naming one that differs."""
    path = version / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        reason = explain(error, "", list(Manifest.model_fields))
        raise DamagedFile(f"{path}: {reason}. Build the memory again, or update Tunesmith.") from None
    except (OSError, ValueError) as error:
        raise DamagedFile(f"{path} cannot be read: {error}. Build the memory again.") from None
    for name, fault in _faults(version, manifest):
        raise DamagedFile(f"{version / name} {fault}. Build the memory again, or copy it anew.")
    return manifest


def read_rows(version: Path, manifest: Manifest) -> tuple[Kept, ...]:
    """Read the rows of a version whose files were verified."""
    with (version / ROWS).open("rb") as lines:
        rows = tuple(_KEPT.validate_json(line) for line in lines)
    if len(rows) != manifest.rows or sum(row.entries for row in rows) != manifest.entries:
        raise DamagedFile(
            f"{version / ROWS} does not list the rows that the manifest counts. Build it again."
        )
    return rows


def hashes(version: Path) -> dict[str, tuple[int, str]]:
    """Give size and SHA-256 of every file of a version that has no manifest yet."""
    return {path.name: (path.stat().st_size, hash_file(path)) for path in sorted(version.iterdir())}


def _faults(version: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    import numpy as np

    for name, column in manifest.columns.items():
        shape = column.shape(manifest.rows, manifest.entries)
        size = math.prod(shape) * np.dtype(column.dtype).itemsize
        if manifest.files.get(name, (0, ""))[0] != size:
            yield name, f"should hold {size} bytes, by the manifest"
    for path in version.iterdir():
        if path.name not in (*manifest.files, MANIFEST) and not path.name.startswith("."):
            yield path.name, "is not named in the manifest"
    for name, (size, digest) in manifest.files.items():
        path = version / name
        if path.parent != version or not path.is_file():
            yield name, "is missing, or not in the memory's folder"
        elif path.stat().st_size != size or hash_file(path) != digest:
            yield name, "is not what was written: its size or SHA-256 differs from the manifest"
