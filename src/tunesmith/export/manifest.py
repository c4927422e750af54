"""package.json: what a package is, what it needs, and the SHA-256 of every other file in it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tunesmith.core.errors import DamagedFile
from tunesmith.core.hashing import hash_file
from tunesmith.core.registry import explain
from tunesmith.core.service import Package
from tunesmith.core.task import Held, Task

FILE = "package.json"
FORMAT = 1

Kind = Literal["adapter", "weights"]
"""What the weights of a package are."""


class Section(BaseModel):
    """A part of the manifest: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Base(Section):
    """What the model was made from: as the user wrote it, where it lay, and what exactly it was.

    `revision` is the exact commit of a base that came from a hub; `held` says in how few bits it must be held
    for what was trained beside it.
    """

    name: str
    revision: str | None
    folder: str
    fingerprint: str
    held: Held | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """Where to look for it, in order: the folder first, since looking up a name may fetch it anew."""
        exact = f"{self.name.partition('@')[0]}@{self.revision}" if self.revision else self.name
        return self.folder, exact


class Said(Section):
    """What the model says of a text, where that is not language."""

    says: Literal["language", "classes", "number", "tags", "vector"] = "language"
    labels: tuple[str, ...] = ()
    several: bool = False
    mean: float = 0.0
    spread: float = 1.0
    pools: Literal["head", "mean"] = "head"

    @property
    def task(self) -> Task:
        """Give the card."""
        return Task(**dict(self))


class Change(Section):
    """How many rows came to a memory and went from it, and how many there were then; `at` is ISO 8601."""

    at: str
    memory: str
    added: int
    removed: int
    rows: int


class Kept(Section):
    """The memories beside a model, in order, with their options; `made_with` names what computed them.

    `changes` are those since the package's run ended, in order.
    """

    made_with: str = ""
    memories: tuple[Mapping[str, Any], ...] = ()
    changes: tuple[Change, ...] = ()


class Manifest(Section):
    """A package.json, checked. `made` says how: goal, recipe, seed, versions; `created` is ISO 8601."""

    format: Literal[1] = FORMAT
    name: str
    kind: Kind
    base: Base
    task: Said = Said()
    kept: Kept = Kept()
    licence: str
    created: str
    made: Mapping[str, Any]
    files: Mapping[str, str]

    def package(self, folder: Path) -> Package:
        """Give the card of the package."""
        return Package(folder, self.name, self.kind, self.base.name, self.base.fingerprint, self.files)


def write(manifest: Manifest, folder: Path) -> None:
    """Write package.json; it goes last, when all files it lists are there."""
    text = json.dumps(manifest.model_dump(), indent=2, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8", newline="\n")


def read(folder: Path) -> Manifest:
    """Read package.json; raises DamagedFile if it is missing, unreadable, or of a newer format."""
    path = folder / FILE
    if not path.is_file():
        inside = sorted(folder.glob(f"[!.]*/{FILE}"))  # a run's folder holds its package
        hint = f" Did you mean {inside[0].parent}?" if inside else ""
        raise DamagedFile(f"{path} is missing: {folder} is not a package, or not a whole one.{hint}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DamagedFile(f"{path} is not valid JSON: {error}. Export the package again.") from None
    if not isinstance(content, dict):
        raise DamagedFile(f"{path} is not a JSON object. Export the package again.")
    found = content.get("format")
    if isinstance(found, int) and found > FORMAT:
        raise DamagedFile(f"{path} has format {found}; this version reads up to {FORMAT}. Update Tunesmith.")
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        reason = explain(error, "", list(Manifest.model_fields))
        raise DamagedFile(f"{path}: {reason}. Export the package again.") from None


def hashes(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file of a package but the manifest, by its path inside the folder."""
    return {name: hash_file(folder / name) for name in names(folder) if name != FILE}


def names(folder: Path) -> list[str]:
    """List the files of a package; hidden ones belong to whoever keeps or fetched it (.git, .cache)."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts))
