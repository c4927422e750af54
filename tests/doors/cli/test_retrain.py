"""`tunesmith retrain` says what it saw and what to run next."""

import json
from pathlib import Path

from typer.testing import CliRunner

from kept_traces import keep_traces
from small_runs import make_run
from tunesmith.doors.cli.app import build


def test_retrain_writes_the_next_recipe_and_names_the_command_for_it(
    tiny_folder: Path, tmp_path: Path
) -> None:
    run = make_run(tmp_path / "run", tiny_folder)
    traces = keep_traces(tmp_path / "traces.db", corrected=2)
    out = tmp_path / "next"
    words = ["retrain", str(run.path), "--traces", traces, "--out", str(out), "--minimum", "2"]
    done = CliRunner().invoke(build(), words)
    assert done.exit_code == 0, done.output
    assert f"next: tunesmith run {out / 'recipe.yaml'}" in done.stdout
    assert (out / "rows.jsonl").is_file()


def test_retrain_without_reason_says_so_and_ends_well(tiny_folder: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", tiny_folder)
    traces = keep_traces(tmp_path / "traces.db", corrected=1)
    done = CliRunner().invoke(build(), ["retrain", str(run.path), "--traces", traces, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["fires"] is False
