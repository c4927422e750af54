import json
from dataclasses import replace
from pathlib import Path

import pytest

from tunesmith.lifecycle.doctor.ceilings import Place
from tunesmith.lifecycle.doctor.examine import Diagnosis, Problem, examine, troubles
from tunesmith.lifecycle.doctor.libraries import Library


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Diagnosis:
    return examine(tmp_path_factory.mktemp("runs"))


def test_a_machine_on_which_tests_run_can_train(found: Diagnosis) -> None:
    assert found.can_train
    said = found.sections()
    assert len(said) == 6
    assert all(said.values())
    assert any(
        line.startswith("LoRA, the base in 16 bits: up to ") for lines in said.values() for line in lines
    )
    assert found.ceilings is not None


def test_a_program_gets_all_of_it(found: Diagnosis) -> None:
    value = json.loads(json.dumps(found.to_json()))
    assert value["can_train"] is True
    assert value["machine"]["cores"] >= 1
    assert value["ceilings"]["products"]["float32"] > 0
    assert {one["name"] for one in value["libraries"]} >= {"torch", "transformers", "peft"}


def test_what_stops_training_is_told_first_and_can_be_mended() -> None:
    missing = [
        Library("torch", ">=2", None, fits=False),
        Library("fastapi", "", None, fits=False, extra="serve"),
    ]
    first, second, third, *_ = troubles(missing, (), failure="ModuleNotFoundError: No module named 'torch'")
    assert first.stops
    assert "No module named 'torch'" in first.what
    assert (second.what, second.remedy, second.stops) == ("torch is missing", "pip install 'tunesmith'", True)
    assert third == Problem("fastapi is missing (for serve)", "pip install 'tunesmith[serve]'")


GOOD = Place("cache", "folder", int(50e9), 300.0)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (replace(GOOD, free=10**9), "only 1.0 GB are free for the cache in folder"),
        (replace(GOOD, megabytes_per_second=5.0), "the disk of the cache is slow, 5 MB/s: folder"),
        (replace(GOOD, trouble="it is gone"), "the folder of the cache, folder: it is gone"),
    ],
)
def test_a_disk_that_is_full_slow_or_closed_is_a_problem(place: Place, said: str) -> None:
    assert Problem(said, "export TUNESMITH_CACHE=FOLDER") in troubles([], [place])
    assert all("cache" not in problem.what for problem in troubles([], [GOOD]))


def test_measurements_on_a_busy_machine_are_said_to_be_too_low(found: Diagnosis) -> None:
    assert found.machine is not None
    for busy, said in ((2.4, True), (0.1, False)):
        lines = replace(found, machine=replace(found.machine, busy=busy)).sections()["ceilings, measured"]
        assert any(line.startswith("other programs keep ") for line in lines) == said


def test_what_could_not_be_looked_at_is_said(tmp_path: Path) -> None:
    broken = Diagnosis(None, (), None, (), (), (Problem("torch is missing", "pip install x", stops=True),))
    assert not broken.can_train
    said = broken.sections()
    assert said["machine"] == ["not looked at: a library is missing"]
    assert said["ceilings, measured"] == ["not measured"]
    assert said["to mend"] == ["torch is missing: pip install x"]
