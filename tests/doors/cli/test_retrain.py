"""`tunesmith retrain` says what it saw and what to run next."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from command_line import Command
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


def test_the_trigger_is_chosen_by_its_name_with_its_own_options(
    command: Command, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "run", tiny_folder)
    traces = keep_traces(tmp_path / "traces.db", corrected=1)
    _install(tmp_path, monkeypatch)
    words = ("retrain", run.path, "--traces", traces, "--out", tmp_path / "next", "--trigger", "any_answer")
    told = command(*words)
    assert (told.code, told.out.splitlines()[0]) == (0, "3 answers are reason to train again.")
    assert (tmp_path / "next" / "recipe.yaml").is_file()
    refused = command(*words, "--minimum", "5")
    assert refused.code == 2
    assert "trigger.any_answer.minimum: there is no such option." in refused.err


def test_an_unknown_trigger_is_named_with_the_closest_before_anything_is_read(
    command: Command, tmp_path: Path
) -> None:
    told = command("retrain", tmp_path, "--traces", tmp_path / "no.db", "--trigger", "correction")
    assert told.code == 2
    assert told.err.startswith("No trigger is called 'correction'. Did you mean 'corrections'?")


@pytest.mark.parametrize("minimum", ["0", "-1"])
def test_a_minimum_that_counts_nothing_is_refused(command: Command, tmp_path: Path, minimum: str) -> None:
    told = command("retrain", tmp_path, "--traces", tmp_path / "no.db", "--minimum", minimum)
    assert told.code == 2
    assert "trigger.corrections.minimum" in told.err


PLUG_IN = """
from dataclasses import dataclass
from tunesmith.core.service import Signal
from tunesmith.core.contracts import Trigger

@dataclass(frozen=True, kw_only=True)
class AnyAnswer(Trigger):
    def judge(self, traces):
        return Signal("any_answer", True, f"{len(traces)} answers are reason to train again.")
"""


def _install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a plug-in with a trigger where Python looks for packages."""
    (folder / "any_answer_plug_in.py").write_text(PLUG_IN, encoding="utf-8")
    described = folder / "any_answer_plug_in-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: any-answer-plug-in\nVersion: 1.0\n")
    entry = "[tunesmith.retraining.trigger]\nany_answer = any_answer_plug_in:AnyAnswer\n"
    (described / "entry_points.txt").write_text(entry, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
