"""The run folder: the one place where a run keeps everything, and where every door reads."""

import json
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tunesmith import recipe as recipes
from tunesmith.core.disk import Disk, is_full
from tunesmith.core.errors import BadRecipe, DamagedFile, DiskFull
from tunesmith.core.recipe import Recipe
from tunesmith.core.registry import explain
from tunesmith.lifecycle.events import Event, from_lines, to_line

SEARCH = "search.json"
"""What the folder of a search holds, and that of a run does not."""

STAMP = "%Y%m%d-%H%M%S"
"""How the time stands in a folder's name."""

STARTED = "started.json"
"""What the folder of every run and search holds: from where it was started."""

Clock = Callable[[], datetime]
_OBJECT = TypeAdapter(dict[str, Any])


def now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class RunFolder:
    """One run's folder and its resolved recipe."""

    path: Path
    recipe: Recipe
    clock: Clock = now
    disk: Disk = field(default_factory=Disk, compare=False)

    @property
    def checkpoints(self) -> Path:
        """Where checkpoints are kept."""
        return self.path / "checkpoints"

    @property
    def package(self) -> Path:
        """What is served or shared."""
        return self.path / "package"

    @property
    def started_in(self) -> Path:
        """The folder from which the recipe's relative paths are seen; the current one if that is gone."""
        stored = self.read_json(STARTED) or {}
        folder = Path(str(stored.get("folder", "")))
        return folder if folder.is_dir() and not folder.samefile(Path()) else Path()

    def record(self, event: Event) -> None:
        """Append one event; the file never loses what was recorded before."""
        path = self.path / "events.jsonl"
        with _room_for(path), path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(to_line(event, self.clock().isoformat(timespec="milliseconds")) + "\n")

    def mend(self) -> None:
        """Take the last event away if a kill tore it; only who is about to record may do so."""
        path = self.path / "events.jsonl"
        content = path.read_bytes() if path.exists() else b""
        if content and not content.endswith(b"\n"):
            with path.open("r+b") as file:
                file.truncate(content.rfind(b"\n") + 1)

    def events(self) -> list[Event]:
        """Read all events that count."""
        path = self.path / "events.jsonl"
        return from_lines(path.read_text(encoding="utf-8").splitlines()) if path.exists() else []

    def write_text(self, name: str, text: str) -> Path:
        """Write a file of the run at once, whole or as it was before; raises DiskFull if there is no room."""
        path, aside = self.path / name, self.path / f".{name}"
        with _room_for(path):
            self.disk.write_text(aside, text)
            aside.replace(path)
            self.disk.sync(self.path)
        return path

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a file of the run as JSON, as `write_text` does."""
        self.write_text(name, json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def read_json(self, name: str) -> dict[str, Any] | None:
        """Read a file of the run, or None if it is not there yet; raises DamagedFile if it is not JSON."""
        path = self.path / name
        if not path.exists():
            return None
        try:
            return _OBJECT.validate_json(path.read_bytes())
        except ValidationError as error:
            raise DamagedFile(f"{explain(error, str(path), [])}. Start a new run.") from None


def create(recipe: Recipe, root: Path, clock: Clock = now, started_in: Path = Path()) -> RunFolder:
    """Make a new run folder `<name>-<time>-<hash>` that holds the resolved recipe.

    `started_in` is the folder from which the recipe's relative paths are seen. Raises BadRecipe where no
    folder can be made.
    """
    ending = recipes.fingerprint(recipe)[:8]
    folder = make(f"{recipe.name}-{clock():{STAMP}}-{ending}", recipe, root, clock, started_in)
    folder.write_text("recipe.yaml", recipes.write(recipe))
    return folder


def make(name: str, recipe: Recipe, root: Path, clock: Clock, started_in: Path = Path()) -> RunFolder:
    """Make a new folder for a run or a search, as `create` does; a name that is taken gets a number."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        path = _make_first_free(root / name)
    except OSError as error:
        raise BadRecipe(f"No run can be kept in {root}: {error.strerror}. Name another folder.") from None
    folder = RunFolder(path, recipe, clock)
    folder.write_json(STARTED, {"format": 1, "folder": str(started_in.resolve())})
    return folder


def discard_unused(folder: RunFolder) -> None:
    """Remove the folder of a run in which nothing happened, because it could not even begin."""
    if not (folder.path / "events.jsonl").exists():
        shutil.rmtree(folder.path)


def open_folder(path: Path, clock: Clock = now) -> RunFolder:
    """Open a run, changing nothing; raises BadRecipe if none is there."""
    if not (path / "recipe.yaml").is_file():
        raise BadRecipe(
            f"{path} is not a run: it has no recipe.yaml. `tunesmith runs` lists the runs there are."
        )
    return RunFolder(path, recipes.resolve(recipes.read(path / "recipe.yaml")), clock)


def _make_first_free(wanted: Path) -> Path:
    path, number = wanted, 1
    while True:
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
            path = wanted.with_name(f"{wanted.name}-{number}")
        else:
            return path


@contextmanager
def _room_for(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise DiskFull(
                f"No room to write {path}: {error.strerror}. Make room and resume the run."
            ) from None
        raise
