import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from small_runs import make_run
from tunesmith.core.errors import BadRecipe
from tunesmith.doors.cli.app import build


def invoke(*words: str | Path) -> str:
    result = CliRunner().invoke(build(), ["federate", *map(str, words)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_says_every_party_s_share_and_where_the_package_is(tiny_folder: Path, tmp_path: Path) -> None:
    runs = [make_run(tmp_path / str(count), tiny_folder, count=count).path for count in (40, 25)]
    told = json.loads(invoke(*runs, "--out", tmp_path / "package", "--json"))
    assert (told["package"], told["rank"]) == (str(tmp_path / "package"), 8)
    assert [party["folder"] for party in told["parties"]] == [str(run) for run in runs]
    tokens = [party["tokens"] for party in told["parties"]]
    assert [party["share"] for party in told["parties"]] == [count / sum(tokens) for count in tokens]
    assert (tmp_path / "package" / "package.json").is_file()


def test_one_run_is_refused_and_nothing_is_written(tiny_folder: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", tiny_folder).path
    with pytest.raises(BadRecipe, match="at least two adapters"):
        invoke(run, "--out", tmp_path / "package")
    assert not (tmp_path / "package").exists()


def test_its_help_says_that_rows_stay() -> None:
    assert "rows stay where they are" in " ".join(invoke("--help").split())
