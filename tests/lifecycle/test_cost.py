"""What training takes is metered from the moment the base has answered, and lost steps do not count."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from mmap import PAGESIZE, mmap
from pathlib import Path

import pytest

from tunesmith.core.cards import Step
from tunesmith.core.errors import DamagedFile
from tunesmith.core.recipe import Recipe
from tunesmith.lifecycle import cost
from tunesmith.lifecycle.cost import Cost, metered, read
from tunesmith.lifecycle.events import Event, Saved, Stage, Started
from tunesmith.lifecycle.run_folder import RunFolder

RECIPE = Recipe.model_validate({"name": "n", "goal": "g", "data": {"source": "file"}})
MIB = 2**20


class Watch:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def folder(tmp_path: Path, watch: Watch) -> RunFolder:
    return RunFolder(tmp_path, RECIPE, watch)


def step(number: int) -> Step:
    return Step(number, 1, 2.0, 1.0, 10, 1.0, 1e-3, 0.1)


def run(watch: Watch, steps: int = 2, first: int = 1) -> Iterator[Event]:
    """Give what a run gives: ten seconds pass between any two events, an hour in what is no training."""
    watch.wait(3600)
    yield Stage("base", "answers")
    watch.wait(10)
    yield Started(first - 1, 4, 1, 1)
    for number in range(first, first + steps):
        watch.wait(10)
        yield step(number)
        watch.wait(10)
        yield Saved(number, None)
    watch.wait(10)
    yield Stage("tuned", "answers")
    watch.wait(3600)
    yield Stage("package", "written")


def test_only_training_is_timed_and_events_pass_unchanged(folder: RunFolder, watch: Watch) -> None:
    assert list(metered(folder, run(watch))) == list(run(Watch()))
    kept = read(folder)
    assert kept is not None
    assert kept.seconds == 60  # to the first step 10 and 10, to the second 10 and 10, and each is saved


def test_what_the_base_takes_to_answer_does_not_count(folder: RunFolder, watch: Watch) -> None:
    events = run(watch)
    first = next(events)
    answers = folder.path / "answers-base.json"
    answers.write_text("{}")
    moment = (watch() + timedelta(seconds=7)).timestamp()
    os.utime(answers, (moment, moment))
    for _ in metered(folder, (event for part in ([first], events) for event in part)):
        pass
    kept = read(folder)
    assert kept is not None
    assert kept.seconds == 53


def test_a_run_that_goes_on_adds_what_its_steps_take_and_forgets_those_that_were_lost(
    folder: RunFolder, watch: Watch
) -> None:
    for event in metered(folder, run(watch, steps=2)):
        if isinstance(event, Step) and event.number == 2:
            break  # killed before it was saved
    before = read(folder)
    assert before is not None
    assert before.seconds == 30
    list(metered(folder, run(watch, steps=1, first=2)))
    after = read(folder)
    assert after is not None
    assert after.seconds == 30 + 40
    list(metered(folder, run(watch, steps=0, first=3)))  # training was over
    assert read(folder) == after


def taken(size: int) -> mmap:
    """Take memory from the system itself: what Python frees may stay with the process."""
    region = mmap(-1, max(1, size) * MIB)
    for start in range(0, len(region), PAGESIZE):
        region[start] = 1
    return region


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Elsewhere no peak is counted.")
def test_the_peak_is_that_of_training_even_where_it_was_given_back(folder: RunFolder, watch: Watch) -> None:
    def greedy(before: int, while_training: int) -> Iterator[Event]:
        for event in run(watch):
            if isinstance(event, Started):
                taken(before).close()
            if isinstance(event, Step):
                taken(while_training).close()
            yield event

    peaks: list[float] = []
    for before, while_training in ((0, 0), (600, 0), (0, 300)):
        (folder.path / cost.FILE).unlink(missing_ok=True)
        list(metered(folder, greedy(before, while_training)))
        kept = read(folder)
        assert kept is not None
        peaks.append(kept.peak_bytes / MIB)
    assert abs(peaks[1] - peaks[0]) < 100
    assert 200 < peaks[2] - peaks[0] < 400


def test_where_the_system_counts_no_peak_memory_is_looked_at_after_every_event(
    folder: RunFolder, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "_RESET", folder.path / "no folder" / "clear_refs")
    held: list[mmap] = []
    peaks: list[float] = []
    for count in (0, 300):
        for event in metered(folder, run(watch)):
            if isinstance(event, Started):
                held.append(taken(count))
        kept = read(folder)
        assert kept is not None
        peaks.append(kept.peak_bytes / MIB)
    assert peaks[1] - peaks[0] > 200


def test_a_run_that_was_not_metered_has_no_cost_and_a_torn_record_is_refused(folder: RunFolder) -> None:
    assert read(folder) is None
    folder.write_json(cost.FILE, {"format": 1, "seconds": "many"})
    with pytest.raises(DamagedFile, match=r"cost\.json"):
        read(folder)
    folder.write_json(cost.FILE, {"format": 1, "peak_bytes": 5, "seconds": 2.5, "device": "cpu"})
    assert read(folder) == Cost(5, 2.5, "cpu")
