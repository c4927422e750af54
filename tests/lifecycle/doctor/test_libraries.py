import tomllib
from importlib.metadata import version

import pytest

from source_tree import ROOT
from tunesmith.lifecycle.doctor.libraries import Library, first_failure, look, remedies

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_everything_that_is_asked_for_is_looked_for() -> None:
    found = look()
    needed = {one.name for one in found if not one.extra}
    assert {line.split(">")[0] for line in PROJECT["dependencies"]} <= needed
    extras = {one.extra for one in found} - {""}
    assert {"data", "metrics", "serve"} <= extras
    assert not extras & {"all", "test", "dev"}
    assert all(one.fits for one in found if not one.extra), found


def test_a_version_is_that_of_what_is_installed() -> None:
    (torch,) = [one for one in look() if one.name == "torch"]
    assert (torch.found, torch.fits) == (version("torch"), True)
    assert torch.describe() == f"torch {version('torch')}"


def test_what_is_missing_or_too_old_comes_by_one_command_for_each_extra() -> None:
    lines = [
        "torch>=999",
        "no-such-library>=1 ; extra == 'serve'",
        "no-such-other ; extra == 'serve'",
        "pydantic>=2 ; extra == 'serve'",
        "typer>=999 ; extra == 'data'",
    ]
    found = look(lines)
    said = [one.describe() for one in found if not one.fits]
    assert said == [
        f"torch {version('torch')}, but >=999 is needed",
        f"typer {version('typer')}, but >=999 is needed",
        "no-such-library is missing",
        "no-such-other is missing",
    ]
    assert remedies(found) == [
        "pip install --upgrade 'tunesmith'",
        "pip install --upgrade 'tunesmith[data]'",
        "pip install 'tunesmith[serve]'",
    ]


def test_where_nothing_is_missing_there_is_nothing_to_do() -> None:
    assert remedies([Library("a", ">=1", "1.2", fits=True)]) == []


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("json", "math"), ""),
        (("json", "no_such_module"), "ModuleNotFoundError: No module named 'no_such_module'"),
        (("os\nos._exit(7)",), "the process ended with code 7"),  # as an illegal instruction does
    ],
)
def test_a_library_that_cannot_be_loaded_is_told_with_its_reason(names: tuple[str, ...], said: str) -> None:
    assert first_failure(names) == said
