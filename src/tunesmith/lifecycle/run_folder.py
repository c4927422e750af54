"""The run folder: the one place where a run keeps everything, and where every door reads."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tunesmith import recipe as recipes
from tunesmith.core.errors import BadRecipe
from tunesmith.core.recipe import Recipe
from tunesmith.lifecycle.events import Event, from_lines, to_line

Clock = Callable[[], datetime]


def now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class RunFolder:
    """One run's folder and its resolved recipe."""

    path: Path
    recipe: Recipe
    clock: Clock = now

    @property
    def checkpoints(self) -> Path:
        """Where checkpoints are kept."""
        return self.path / "checkpoints"

    @property
    def package(self) -> Path:
        """What is served or shared."""
        return self.path / "package"

    def record(self, event: Event) -> None:
        """Append one event; the file never loses what was recorded before."""
        with (self.path / "events.jsonl").open("a", encoding="utf-8", newline="\n") as file:
            file.write(to_line(event, self.clock().isoformat(timespec="milliseconds")) + "\n")

    def events(self) -> list[Event]:
        """Read all events that count."""
        path = self.path / "events.jsonl"
        return from_lines(path.read_text(encoding="utf-8").splitlines()) if path.exists() else []

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a file of the run at once: whole, or as it was before."""
        aside = self.path / f".{name}"
        aside.write_text(
            json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
        )
        aside.replace(self.path / name)

    def read_json(self, name: str) -> dict[str, Any] | None:
        """Read a file of the run, or None if it is not there yet."""
        path = self.path / name
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def create(recipe: Recipe, root: Path, clock: Clock = now) -> RunFolder:
    """Make a new run folder `<name>-<time>-<hash>` that holds the resolved recipe."""
    stamp = clock().strftime("%Y%m%d-%H%M%S")
    path = root / f"{recipe.name}-{stamp}-{recipes.fingerprint(recipe)[:8]}"
    number = 1
    while path.exists():
        number += 1
        path = root / f"{recipe.name}-{stamp}-{recipes.fingerprint(recipe)[:8]}-{number}"
    path.mkdir(parents=True)
    (path / "recipe.yaml").write_text(recipes.write(recipe), encoding="utf-8", newline="\n")
    return RunFolder(path, recipe, clock)


def open_folder(path: Path, clock: Clock = now) -> RunFolder:
    """Open a run, and mend its last event if a kill tore it; raises BadRecipe if none is there."""
    if not (path / "recipe.yaml").is_file():
        raise BadRecipe(
            f"{path} is not a run: it has no recipe.yaml. `tunesmith runs` lists the runs there are."
        )
    folder = RunFolder(path, recipes.resolve(recipes.read(path / "recipe.yaml")), clock)
    events = path / "events.jsonl"
    if events.exists() and (content := events.read_bytes()) and not content.endswith(b"\n"):
        events.write_bytes(content[: content.rfind(b"\n") + 1])
    return folder
