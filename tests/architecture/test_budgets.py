"""What is allowed to be large: nothing."""

import ast
import tomllib
from pathlib import Path

import pytest

import tunesmith
from source_tree import ROOT, SourceFile, source_files

MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 40
MOST_DEPENDENCIES = 6
MOST_PUBLIC_NAMES = 40

PUBLIC = ["Recipe", "Report", "TunesmithError", "check", "evaluate", "load", "read", "run", "walk"]


def long_functions(file: SourceFile) -> list[str]:
    """List the functions of a file that are too long, docstring included."""
    functions = [n for n in ast.walk(file.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [
        f"{file.name}:{node.lineno}: {node.name} has {length} lines"
        for node in functions
        if (length := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]


def test_no_file_is_too_long() -> None:
    lengths = {file.name: len(file.text.splitlines()) for file in source_files()}
    assert len(lengths) >= 60
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FILE} == {}


def test_no_function_is_too_long() -> None:
    assert [found for file in source_files() for found in long_functions(file)] == []


def test_the_base_install_needs_few_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert 1 <= len(project["dependencies"]) <= MOST_DEPENDENCIES


def test_the_public_names_are_exactly_these() -> None:
    assert sorted(tunesmith.__all__) == PUBLIC
    assert len(tunesmith.__all__) <= MOST_PUBLIC_NAMES


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    assert getattr(tunesmith, name).__doc__


def test_a_function_of_one_line_too_many_is_caught(tmp_path: Path) -> None:
    for lines, caught in ((MOST_LINES_OF_A_FUNCTION, 0), (MOST_LINES_OF_A_FUNCTION + 1, 1)):
        (tmp_path / "long.py").write_text("def long():\n" + "    x = 1\n" * (lines - 1))
        (file,) = source_files(tmp_path)
        assert len(long_functions(file)) == caught
