"""What no file of the project says or is called."""

import re
from pathlib import Path

import pytest

from source_tree import ROOT

FOLDERS = ("src", "tests", "recipes", "samples", "docs", "benchmarks", ".ci")
SUFFIXES = (
    ".py",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".jinja",
    ".html",
    ".css",
    ".js",
    ".sh",
    ".json",
    ".lock",
    "",
)

MACHINE_PATH = re.compile(r"(?<![\w.:~/-])/(?:work|home|root|Users|mnt|workspace)/\w")
TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!\(#[0-9]+\))")
SHAPELESS = re.compile(r"_?(?:utils?|helpers?|common|misc|base|legacy|old)(?:_\w+)?\.py|\w+_(?:v2|old)\.py")


def files() -> list[Path]:
    """Find every text file that belongs to the project."""
    inside = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    found = [path for path in (*inside, *ROOT.iterdir()) if path.is_file() and path.suffix in SUFFIXES]
    return [path for path in found if "__pycache__" not in path.parts and path != Path(__file__)]


def said(pattern: re.Pattern[str]) -> list[str]:
    """List the lines in which a pattern is found."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip():.80}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_files_were_found() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in files()}
    assert len(names) >= 150
    assert {"README.md", "pyproject.toml", "src/tunesmith/core/cards.py", "tests/conftest.py"} <= names


def test_no_file_names_a_folder_of_somebody_s_machine() -> None:
    assert said(MACHINE_PATH) == []


def test_what_is_left_to_do_has_a_number() -> None:
    assert said(TODO) == []


def test_no_file_is_called_by_a_name_that_says_nothing() -> None:
    assert [path.name for path in files() if SHAPELESS.fullmatch(path.name)] == []


@pytest.mark.parametrize(
    ("pattern", "caught", "passed"),
    [
        (MACHINE_PATH, "open('/home/ann/data')", "https://example.org/home/ann"),
        (MACHINE_PATH, "see /root/x", "a/root/x"),
        (TODO, "# TODO: later", "# TODO(#12): later"),
    ],
)
def test_a_planted_word_is_caught(pattern: re.Pattern[str], caught: str, passed: str) -> None:
    assert pattern.search(caught)
    assert not pattern.search(passed)


@pytest.mark.parametrize("name", ["utils.py", "helpers.py", "_common.py", "misc.py", "base.py", "load_v2.py"])
def test_a_shapeless_name_is_caught(name: str) -> None:
    assert SHAPELESS.fullmatch(name)
    assert not SHAPELESS.fullmatch("baselines.py")
