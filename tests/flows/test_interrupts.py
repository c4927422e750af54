"""Ctrl-C and SIGTERM: a process is stopped while it trains, goes on later, and ends with the same bits."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from command_line import Command
from small_runs import read_recipe, write_recipe
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.events import Stage, Step
from tunesmith.lifecycle.run import walk
from tunesmith.lifecycle.run_folder import open_folder

CHANGES = (
    "training.max_steps=150",
    "training.epochs=150",
    "training.tokens_per_step=128",
    "training.validate_every=25",
    "training.patience=null",
    "method.dropout=0.1",
)
PATIENCE_SECONDS = 200


@pytest.fixture(scope="module")
def undisturbed(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Give what the run leaves if nobody disturbs it."""
    root = tmp_path_factory.mktemp("undisturbed")
    folder = run_folder.create(read_recipe(root, tiny_folder, *CHANGES), root)
    for event in walk(folder):
        if isinstance(event, Stage) and event.name == "package":
            return left(folder.path)
    raise AssertionError("a run has a package")


def left(run: Path) -> dict[str, bytes]:
    """Give the bits that training and evaluation left."""
    last = run / "checkpoints" / "step-150"
    files = [*last.glob("*.safetensors"), last / "state.json", run / "answers-tuned.json"]
    assert len(files) == 5
    return {path.name: path.read_bytes() for path in files}


def interrupt(
    recipe: Path, runs: Path, number: signal.Signals
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Start a run, send a signal once a few steps were taken, and wait for its end."""
    start = [sys.executable, "-c", "from tunesmith.doors.cli.app import main; main()", "run", str(recipe)]
    program = [*start, *CHANGES, "--runs", str(runs)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as child:
        until = monotonic() + PATIENCE_SECONDS
        while not (steps := taken(runs)) and child.poll() is None and monotonic() < until:
            sleep(0.01)
        os.kill(child.pid, number)
        out, err = child.communicate(timeout=PATIENCE_SECONDS)
    assert steps, err
    (run,) = runs.iterdir()
    return subprocess.CompletedProcess(program, child.returncode, out, err), run


EARLY = """
import os, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":  # the first heavy library: loading it takes seconds
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
from tunesmith.doors.cli.app import main
main()
"""
"""A program that gets Ctrl-C while it loads its libraries."""


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
@pytest.mark.parametrize(
    ("words", "go_on"),
    [(["run"], "tunesmith resume"), (["search", "seed=1,2"], "tunesmith search --resume")],
    ids=["run", "search"],
)
def test_ctrl_c_while_libraries_are_loaded_stops_and_says_how_to_go_on(
    words: list[str], go_on: str, tiny_folder: Path, tmp_path: Path
) -> None:
    word, *axes = words
    runs = tmp_path / "all runs"
    program = [sys.executable, "-c", EARLY, word, str(write_recipe(tmp_path, tiny_folder)), *axes]
    ended = subprocess.run([*program, "--runs", str(runs)], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (130, ""), ended.stderr
    assert "Traceback" not in ended.stderr
    said = ended.stderr.splitlines()
    assert "Stopping at the next safe point; once more to stop at once." in said
    (folder,) = runs.iterdir()
    assert said[-1] == f"Stopped while answering the test rows. Go on with: {go_on} '{folder}'"


def taken(runs: Path) -> int:
    return sum(path.read_text().count('"kind": "step"') for path in runs.glob("*/events.jsonl"))


@pytest.mark.timeout(900)
@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_stop_goes_on_to_the_same_end(
    number: signal.Signals,
    command: Command,
    undisturbed: dict[str, bytes],
    tiny_folder: Path,
    tmp_path: Path,
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    ended, run = interrupt(recipe, tmp_path / "runs", number)
    assert (ended.returncode, ended.stdout) == (130, "")
    assert "Traceback" not in ended.stderr
    said = ended.stderr.splitlines()
    assert "Stopping at the next safe point; once more to stop at once." in said
    steps = [event.number for event in open_folder(run).events() if isinstance(event, Step)]
    assert (
        said[-1]
        == f"Stopped after step {steps[-1]} of 150. Go on with: tunesmith resume {shlex.quote(str(run))}"
    )
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) < 150
    assert (run / "checkpoints" / f"step-{steps[-1]}" / "manifest.json").is_file()

    told = command("resume", run)
    assert told.code == 0
    assert f"training from step {steps[-1]} to step 150" in told.err
    assert told.out.startswith("verdict: ")
    assert left(run) == undisturbed
