"""Floors import only downwards, rooms never import each other, and only doors print."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from source_tree import SOURCE, SourceFile, full_name, source_files

ROOMS = frozenset(
    (
        *(
            "data",
            "model",
            "method",
            "objective",
            "engine",
            "generation",
            "evaluation",
            "search",
            "pages",
            "memory",
        ),
        *("export", "serving", "monitoring", "retraining", "federation"),
    )
)
FLOORS = {"core": 0, "recipe": 1, **dict.fromkeys(ROOMS, 2), "lifecycle": 3, "doors": 4, "": 5}
"""The package's own files stand on the roof: they say what of the house is public."""

ALLOWED = {"core": {"pydantic", "pydantic_core"}, "recipe": {"pydantic", "pydantic_core", "yaml"}}
"""What the lowest floors may use beside the standard library."""

PROGRAMS = {"lifecycle/probe.py": "answers the process that started it on its standard output"}
"""Files outside doors that are run as programs of their own, each with what it says to whom."""

TYPES_ONLY = {"torch", "transformers", "peft", "numpy"}
"""What appears there in annotations; `test_imports.py` shows that it is not loaded."""


def misplaced(folder: Path) -> list[str]:
    """List every import that climbs, crosses to another room, or opens several rooms at once."""
    return [fault for file in source_files(folder) for fault in (*_climbing(file), *_gluing(file))]


def talking(folder: Path) -> list[str]:
    """List every place outside doors that prints or touches the standard streams."""
    return [
        f"{file.name}:{line}: {name}"
        for file in source_files(folder)
        if file.part != "doors"
        for line, name in _speech(file)
    ]


def _climbing(file: SourceFile) -> Iterator[str]:
    for found in file.imports():
        part = _part(found.name)
        if part is None or part == file.part:
            continue
        if part not in FLOORS or FLOORS[part] >= FLOORS[file.part]:
            yield f"{file.name}:{found.line}: {file.part} imports {found.name}"


def _gluing(file: SourceFile) -> Iterator[str]:
    opened = {part for found in file.imports() if (part := _part(found.name)) in ROOMS}
    if len(opened) > 1 and file.part != "lifecycle":
        yield f"{file.name}: knows several rooms: {', '.join(sorted(opened))}"


def _part(name: str) -> str | None:
    top, _, below = f"{name}.".partition(".")
    return below.split(".")[0] if top == "tunesmith" else None


def _speech(file: SourceFile) -> Iterator[tuple[int, str]]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and full_name(node.func) in ("print", "input", "breakpoint"):
            yield node.lineno, full_name(node.func)
        if full_name(node) in ("sys.stdout", "sys.stderr", "sys.stdin", "sys.argv", "sys.exit"):
            yield node.lineno, full_name(node)
    for found in file.imports():
        if found.name.split(".")[0] in ("typer", "rich", "click", "argparse"):
            yield found.line, found.name


def test_every_folder_of_the_house_has_a_floor() -> None:
    files = source_files()
    assert len(files) >= 60
    assert {file.part for file in files} <= FLOORS.keys()
    assert {folder.name for folder in SOURCE.iterdir() if any(folder.glob("*.py"))} == FLOORS.keys() - {""}


def test_floors_import_only_downwards_and_rooms_never_import_each_other() -> None:
    assert misplaced(SOURCE) == []


def test_only_doors_print() -> None:
    assert {fault.split(":")[0] for fault in talking(SOURCE)} == PROGRAMS.keys()


@pytest.mark.parametrize("part", ALLOWED)
def test_the_lowest_floors_need_little(part: str) -> None:
    used = {
        found.name.split(".")[0] for file in source_files() if file.part == part for found in file.imports()
    }
    assert used - sys.stdlib_module_names - {"tunesmith"} - TYPES_ONLY <= ALLOWED[part]


def test_only_components_and_commands_are_imported_by_name() -> None:
    users = {
        file.name
        for file in source_files()
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call)
        and full_name(node.func).split(".")[-1] in ("import_module", "__import__")
    }
    assert users == {"core/registry.py", "doors/cli/app.py", "doors/notebook.py"}


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("core/cards.py", "from tunesmith.recipe.read import read"),
        ("recipe/read.py", "import tunesmith.data.split"),
        ("data/split.py", "from tunesmith.model.load import load"),
        ("data/split.py", "from tunesmith import model"),
        ("method/lora.py", "def apply():\n    from tunesmith.engine import loop"),
        ("engine/loop.py", "from tunesmith.lifecycle import train"),
        ("lifecycle/train.py", "from tunesmith.doors.cli import main"),
        ("core/cards.py", "if TYPE_CHECKING:\n    from tunesmith.data.split import split"),
        ("core/cards.py", "import tunesmith"),
        ("data/split.py", "from tunesmith.utils import helpful"),
        ("doors/cli/run.py", "import tunesmith.data.split\nimport tunesmith.model.load"),
    ],
)
def test_a_planted_import_is_caught(place: str, line: str, tmp_path: Path) -> None:
    planted = tmp_path / place
    planted.parent.mkdir(parents=True)
    planted.write_text(line)
    assert len(misplaced(tmp_path)) == 1


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("recipe/read.py", "from tunesmith.core.cards import Model"),
        ("data/split.py", "from tunesmith.data.source.csv import Csv"),
        ("lifecycle/train.py", "import tunesmith.data.split\nimport tunesmith.model.load"),
        ("__init__.py", "from tunesmith.lifecycle.train import train"),
    ],
)
def test_what_the_plan_allows_is_not_caught(place: str, line: str, tmp_path: Path) -> None:
    allowed = tmp_path / place
    allowed.parent.mkdir(parents=True, exist_ok=True)
    allowed.write_text(line)
    assert misplaced(tmp_path) == []


@pytest.mark.parametrize("line", ["print(1)", "import sys\nsys.stdout.write('')", "import rich", "input()"])
def test_planted_talk_is_caught_outside_doors_only(line: str, tmp_path: Path) -> None:
    for part, caught in (("engine", 1), ("doors", 0)):
        planted = tmp_path / part / part / "loop.py"
        planted.parent.mkdir(parents=True)
        planted.write_text(line)
        assert len(talking(tmp_path / part)) == caught
