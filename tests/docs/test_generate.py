"""The reference is what the code says, and says all of it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tunesmith.core import errors
from tunesmith.core.errors import TunesmithError
from tunesmith.core.recipe import Criterion, Data, Evaluation, Recipe, Split, Training
from tunesmith.doors.cli.app import build
from tunesmith.doors.cli.command import COMMANDS
from tunesmith.lifecycle.catalogue import catalogue

SCRIPT = Path(__file__).parents[2] / "docs" / "generate.py"


def load_script() -> ModuleType:
    described = importlib.util.spec_from_file_location("generate", SCRIPT)
    assert described is not None
    assert described.loader is not None
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module


generate = load_script()
PAGES: dict[str, str] = generate.pages()


def section(page: str, heading: str) -> str:
    """Give what stands between a heading and the next of the same kind."""
    level = heading.partition(" ")[0]
    return PAGES[page].split(f"\n{heading}\n")[1].split(f"\n{level} ")[0]


def test_the_committed_pages_are_up_to_date() -> None:
    assert generate.stale(generate.REFERENCE) == []


def test_the_pages_are_the_same_in_another_process_whatever_the_terminal(tmp_path: Path) -> None:
    program = f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r}); import generate, pathlib; "
    program += f"generate.write(pathlib.Path({str(tmp_path)!r}))"
    environment = {**os.environ, "PYTHONHASHSEED": "1", "COLUMNS": "40", "FORCE_COLOR": "1"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == PAGES


def test_every_component_and_every_option_appears() -> None:
    found = [(kind, component) for kind, components in catalogue().items() for component in components]
    assert len(found) >= 15
    for kind, component in found:
        assert f"\n## {kind.capitalize()}\n" in PAGES["components.md"]
        said = section("components.md", f"### {component.name}")
        assert component.sentence in said
        assert [line.split("`")[1] for line in said.splitlines() if line.startswith("| `")] == list(
            component.options
        )


@pytest.mark.parametrize(
    ("heading", "part"),
    [
        ("Top of the page", Recipe),
        ("success", Criterion),
        ("data", Data),
        ("data.split", Split),
        ("training", Training),
        ("evaluation", Evaluation),
    ],
)
def test_every_key_of_the_recipe_appears_with_its_description(heading: str, part: type[Recipe]) -> None:
    rows = [line for line in section("recipe.md", f"## {heading}").splitlines() if line.startswith("| `")]
    assert len(rows) == len(part.model_fields)
    for row, (key, field) in zip(rows, part.model_fields.items(), strict=True):
        assert row.startswith(f"| `{key}` |")
        assert field.description
        assert field.description in row


def test_bounds_and_defaults_of_the_recipe_are_told() -> None:
    assert "| `clip_norm` | number, above 0; or unset | `1.0` |" in PAGES["recipe.md"]
    assert "| `max_steps` | whole number, at least 1; or unset | unset |" in PAGES["recipe.md"]
    assert "| `too_long` | `error`, `drop`, `truncate` | `error` |" in PAGES["recipe.md"]


def test_every_command_appears_with_its_help() -> None:
    build()
    assert len(COMMANDS) >= 10
    for name in COMMANDS:
        help_text = section("cli.md", f"## tunesmith {name}")
        assert f"Usage: tunesmith {name}" in help_text
        assert "--help" in help_text
        assert f"(#tunesmith-{name.replace(' ', '-')})" in PAGES["cli.md"]


def test_every_error_appears_with_its_exit_code() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, TunesmithError) and kind.__module__ == errors.__name__
    ]
    assert len(kinds) >= 14
    for kind in kinds:
        above = "" if kind is TunesmithError else f"`{kind.__bases__[0].__name__}`"
        assert f"| `{kind.__name__}` | {above} | {kind.exit_code} |" in PAGES["errors.md"]


def test_a_stale_a_missing_and_a_leftover_page_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate.write(tmp_path)
    assert generate.main(["--check"], tmp_path) == 0
    (tmp_path / "cli.md").write_text(PAGES["cli.md"] + "\n", encoding="utf-8")
    (tmp_path / "errors.md").unlink()
    (tmp_path / "old.md").write_text("nobody writes this any more\n", encoding="utf-8")
    capsys.readouterr()
    assert generate.main(["--check"], tmp_path) == 1
    told = capsys.readouterr().err
    assert [line.split(" ")[0] for line in told.splitlines()] == [
        "docs/reference/cli.md",
        "docs/reference/errors.md",
        "docs/reference/old.md",
    ]


def test_checking_writes_nothing_and_writing_mends_all_but_leftovers(tmp_path: Path) -> None:
    assert generate.main(["--check"], tmp_path / "reference") == 1
    assert not (tmp_path / "reference").exists()
    assert generate.main([], tmp_path / "reference") == 0
    assert generate.main(["--check"], tmp_path / "reference") == 0


def test_an_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--chekc"]) == 2
    assert "usage" in capsys.readouterr().err


def test_a_page_that_a_measurement_wrote_is_neither_stale_nor_left_over(tmp_path: Path) -> None:
    generate.write(tmp_path)
    (tmp_path / "performance.md").write_text("numbers\n", encoding="utf-8")
    assert generate.stale(tmp_path) == []
