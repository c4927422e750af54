import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from command_line import Command
from tunesmith.lifecycle.doctor import exactness
from tunesmith.lifecycle.doctor import examine as doctor
from tunesmith.lifecycle.doctor.ceilings import Place
from tunesmith.lifecycle.doctor.exactness import Invariant
from tunesmith.lifecycle.doctor.examine import Diagnosis, Problem
from tunesmith.lifecycle.doctor.machine import look

GOOD_DISK = Place("cache", "folder", int(50e9), 300.0)


def test_results_are_on_standard_output_in_sections(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examine(say: Callable[[str], None]) -> Diagnosis:
        say("looking at libraries")
        return Diagnosis(look(), (), None, (GOOD_DISK,), (), ())

    monkeypatch.setattr(doctor, "examine", examine)
    told = command("doctor")
    assert told.code == 0
    headings = [line for line in told.out.splitlines() if line and not line.startswith(" ")]
    assert headings[:4] == ["machine", "libraries", "ceilings, measured", "disk"]
    assert headings[-1] == "to mend"
    assert "  cache, folder: 50.0 GB free, written at 300 MB/s" in told.out.splitlines()
    assert told.err == "looking at libraries\n"


def test_where_something_needed_is_broken_it_ends_with_one(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Diagnosis(None, (), None, (), (), (Problem("torch is missing", "pip install x", stops=True),))
    monkeypatch.setattr(doctor, "examine", lambda say: broken)
    told = command("doctor", "--json")
    assert told.code == 1
    assert json.loads(told.out)["can_train"] is False
    assert told.err == "Something is broken that training needs. It stands under `to mend`.\n"


GOOD = Invariant("this is that", "llama", 1e-6, 1e-4)


@pytest.mark.parametrize(("found", "code"), [([GOOD], 0), ([GOOD, replace(GOOD, difference=1.0)], 1)])
def test_exactness_ends_with_one_where_something_does_not_hold(
    command: Command, monkeypatch: pytest.MonkeyPatch, found: list[Invariant], code: int
) -> None:
    def tried() -> Iterator[Invariant]:
        yield from found

    monkeypatch.setattr(exactness, "exactness", tried)
    told = command("doctor", "--exactness", "--json")
    assert told.code == code
    assert [one["holds"] for one in json.loads(told.out)] == [one.holds for one in found]
    assert ("1 of 2 do not hold" in told.err) == (code == 1)
    lines = command("doctor", "--exactness").out.splitlines()
    assert lines[0] == "holds  llama            this is that: difference 1.0e-06, at most 1e-04"
