"""The whole harness, once, as somebody would start it; nothing here looks at a clock."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.measure import ROOT, Failed, Job, measure

NAMES = {"Tunesmith", "TRL, defaults", "TRL, tuned"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that a quick run wrote its results into."""
    folder = tmp_path_factory.mktemp("quick")
    command = [sys.executable, "-m", "benchmarks", "training", "--quick", "--out", str(folder / "quick.json")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "Tunesmith, 1 of 1" in ended.stderr
    return folder


@pytest.fixture(scope="module")
def result(written: Path) -> dict[str, Any]:
    return json.loads((written / "quick.json").read_text(encoding="utf-8"))


def test_every_contestant_took_every_step_of_the_same_rows(result: dict[str, Any]) -> None:
    (series,) = result["series"]
    assert series["runs"].keys() == NAMES
    for (run,) in series["runs"].values():
        assert run["seconds"] > 0
        assert run["peak_bytes"] > 2**20
        assert len(run["losses"]) == len(run["gradient_norms"]) >= 3
    ours, defaults = (series["runs"][name][0] for name in ("Tunesmith", "TRL, defaults"))
    assert ours["tokens"] == defaults["tokens"] > 0
    assert ours["losses"] == pytest.approx(defaults["losses"], rel=1e-2)  # bfloat16 on at least one side


def test_in_float32_losses_and_gradients_are_those_of_trl(result: dict[str, Any]) -> None:
    (series,) = result["series"]
    assert {run["dtype"] for run in series["references"].values()} == {"float32"}
    assert series["loss_difference"] < 1e-6
    assert series["gradient_norm_difference"] < 1e-5


def test_the_factors_are_what_they_always_are(result: dict[str, Any]) -> None:
    (series,) = result["series"]
    found = {name: run["factors"] for name, (run,) in series["runs"].items()}
    assert found["Tunesmith"] == pytest.approx(
        {"pad": 1.0, "prefix": 1.0, "head": 1.0, "recompute": 0.972, "mask": 0.960}, abs=1e-3
    )
    assert found["TRL, defaults"] == pytest.approx(
        {"pad": 0.818, "prefix": 0.632, "head": 0.834, "recompute": 0.669, "mask": 0.904}, abs=1e-3
    )
    assert found["TRL, tuned"] == pytest.approx(
        {"pad": 1.0, "prefix": 0.632, "head": 0.835, "recompute": 0.884, "mask": 0.649}, abs=1e-3
    )


def test_what_was_measured_is_not_measured_again(written: Path, tmp_path: Path) -> None:
    out = tmp_path / "quick.json"
    shutil.copy(written / "quick.json", out)
    command = [sys.executable, "-m", "benchmarks", "training", "--quick", "--out", str(out)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    found, before = (json.loads(path.read_text(encoding="utf-8")) for path in (out, written / "quick.json"))
    assert found["series"] == before["series"]
    assert len(found["commands"]) == 2
    assert (tmp_path / "quick.md").read_bytes() == (written / "quick.md").read_bytes()
    stored = json.dumps({**before, "machine": {**before["machine"], "cores": 1000}})
    out.write_text(stored, encoding="utf-8")
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "of another machine" in ended.stderr
    assert out.read_text(encoding="utf-8") == stored


def test_nothing_written_names_this_machine(written: Path) -> None:
    assert sorted(path.name for path in written.iterdir()) == ["quick.json", "quick.md"]
    for path in written.iterdir():
        text = path.read_text(encoding="utf-8")
        assert len(text) > 1000
        assert socket.gethostname() not in text
        assert not re.search(r"(?<![\w.:~/-])/\w+/\w", text)
        assert os.fspath(written) not in text


def test_a_case_that_nobody_wrote_is_refused() -> None:
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "training",
        "--out",
        "x",
        "--workload",
        "chat",
        "--shape",
        "deep",
    ]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "--all" in ended.stderr


def test_starting_a_measurement_loads_nothing_heavy() -> None:
    program = "import sys, benchmarks.__main__; print('torch' in sys.modules, 'numpy' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == ["False", "False"]


def test_a_measurement_that_fails_says_how() -> None:
    from benchmarks.case import Case
    from benchmarks.contestant.settings import Ours

    with pytest.raises(Failed, match="the first step is not counted"):
        measure(Job(Case("quick", "nano", "lora", steps=1), Ours("float32")))
