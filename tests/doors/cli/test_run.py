import json
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from command_line import Command
from finished_run import FinishedRun
from small_runs import read_recipe, write_recipe
from tunesmith.core.errors import DiskFull, Stopped
from tunesmith.doors.cli.outcome import to_json
from tunesmith.doors.cli.run import follow
from tunesmith.lifecycle import run_folder
from tunesmith.lifecycle.run_folder import RunFolder


def test_going_on_with_a_run_that_is_done_gives_its_outcome_again(
    command: Command, finished_run: FinishedRun, tmp_path: Path
) -> None:
    copy = shutil.copytree(finished_run.folder.path, tmp_path / "copy")
    told = command("resume", copy, "--json", "--require-success")
    assert told.code == 4
    assert told.err.splitlines()[-1].startswith("The verdict is 'not enough data to tell': ")
    assert told.err.startswith(f"run: {copy}\n")
    found, before = json.loads(told.out), json.loads(json.dumps(to_json(finished_run.finished)))
    assert found["report"] == before["report"]
    assert found["package"] == str(copy / "package")


def test_a_run_that_cannot_begin_leaves_no_folder(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    (tmp_path / "rows.jsonl").unlink()
    told = command("run", recipe, "--runs", tmp_path / "runs")
    assert told.code == 3
    assert told.out == ""
    assert "\nThere is no file " in told.err
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_resume_that_fails_leaves_its_folder(command: Command, tiny_folder: Path, tmp_path: Path) -> None:
    folder = run_folder.create(read_recipe(tmp_path, tiny_folder), tmp_path / "runs").path
    (tmp_path / "rows.jsonl").write_text("broken\n")
    told = command("resume", folder)
    assert told.code == 3
    assert "rows.jsonl:1 (byte 0)" in told.err
    assert (folder / "recipe.yaml").is_file()


def test_a_recipe_that_cannot_be_read_leaves_no_folder(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    told = command("run", recipe, "method.rnak=3", "--runs", tmp_path / "runs")
    assert told.code == 2
    assert "Did you mean 'rank'?" in told.err
    assert not (tmp_path / "runs").exists()


def test_only_a_run_can_be_resumed(command: Command, tmp_path: Path) -> None:
    told = command("resume", tmp_path)
    assert told.code == 2
    assert "is not a run" in told.err


def begin(tmp_path: Path, base: Path, at_event: Callable[[int], None]) -> RunFolder:
    """Make a run in whose clock something happens whenever an event is recorded, counted from 1."""
    counts = iter(range(1, 1000))

    def clock() -> datetime:
        at_event(next(counts))
        return datetime.now(UTC)

    recipe = read_recipe(tmp_path, base, "training.max_steps=6", "training.validate_every=1")
    folder = run_folder.create(recipe, tmp_path / "a run")
    return RunFolder(folder.path, folder.recipe, clock)


def test_ctrl_c_stops_after_a_step_and_says_how_to_go_on(
    tiny_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = begin(tmp_path, tiny_folder, lambda n: signal.raise_signal(signal.SIGINT) if n == 11 else None)
    with pytest.raises(Stopped, match=r"Stopped after step 1 of \d\. Go on with: tunesmith resume '.*a run/"):
        follow(lambda: folder, is_new=False, require_success=False, as_json=False)
    assert "once more to stop at once" in capfd.readouterr().err
    assert (folder.checkpoints / "step-1" / "manifest.json").is_file()


def test_a_second_ctrl_c_stops_at_once_and_says_how_to_go_on(tiny_folder: Path, tmp_path: Path) -> None:
    def twice(number: int) -> None:
        if number == 5:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    folder = begin(tmp_path, tiny_folder, twice)
    with pytest.raises(Stopped, match=r"Stopped at once; .*Go on with: tunesmith resume"):
        follow(lambda: folder, is_new=False, require_success=False, as_json=False)


def test_a_full_disk_says_how_to_go_on(tiny_folder: Path, tmp_path: Path) -> None:
    def full(number: int) -> None:
        if number == 6:
            raise OSError(28, "No space left on device")

    folder = begin(tmp_path, tiny_folder, full)
    with pytest.raises(
        DiskFull, match=r"events\.jsonl: No space left on device\. .*Go on with: tunesmith resume"
    ):
        follow(lambda: folder, is_new=False, require_success=False, as_json=False)
