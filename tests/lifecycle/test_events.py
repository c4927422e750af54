from dataclasses import asdict

import pytest

from tunesmith.core.cards import Step, Validation
from tunesmith.core.errors import DamagedFile
from tunesmith.core.report import Report
from tunesmith.lifecycle.events import (
    KINDS,
    Event,
    Finished,
    Saved,
    Stage,
    Started,
    Warned,
    from_lines,
    to_line,
)

TIME = "2026-01-02T03:04:05.000+00:00"


def step(number: int, loss: float = 2.5) -> Step:
    return Step(number, 1, loss, 10.0, 12, 0.5, 1e-4, 0.25)


EVERY = [
    Stage("data", "read as «text»\nin two lines"),
    Started(0, 9, 100, 1000),
    step(1),
    Validation(1, 2.25, 0.5, 40),
    Saved(1, None),
    Warned("Only 3 test rows."),
]


def read(*events: Event) -> list[Event]:
    return from_lines([to_line(event, TIME) for event in events])


def test_every_kind_of_event_is_tried_here() -> None:
    assert {type(event) for event in EVERY} == set(KINDS.values())


@pytest.mark.parametrize("event", EVERY, ids=lambda event: type(event).__name__)
def test_an_event_survives_its_line(event: Event) -> None:
    line = to_line(event, TIME)
    assert "\n" not in line
    assert from_lines([line]) == [event]


def test_the_line_of_the_end_holds_the_verdict_and_no_rows() -> None:
    report = Report("promote", "Met.", 1, (), (), ())
    line = to_line(Finished("runs/a", "runs/a/package", "runs/a/report.html", report), TIME)
    assert '"verdict": "promote"' in line
    assert "samples" not in line
    assert from_lines([line]) == []


def test_every_beginning_of_a_line_is_passed_over() -> None:
    whole = to_line(step(2), TIME)
    for cut in range(len(whole)):
        assert from_lines([to_line(step(1), TIME), whole[:cut]]) == [step(1)]


def test_steps_that_were_taken_again_count_once() -> None:
    before = [Started(0, 9, 1, 1), step(1), Validation(1, 2.0, 0.5, 4), Saved(1, 1), step(2, 9.0)]
    lost = [Validation(2, 9.0, 0.5, 4), Saved(2, 1)]
    after = [Started(1, 9, 1, 1), step(2), Validation(2, 1.0, 0.5, 4)]
    assert read(*before, *lost, *after) == [*before[:-1], *after]


def test_the_base_counts_once_however_often_it_was_validated() -> None:
    base = Validation(0, 5.0, 0.1, 40)
    started = Started(0, 9, 1, 1)
    assert read(started, base, step(1), started, base) == [started, started, base]
    assert read(started, base, step(1), Started(1, 9, 1, 1))[1:3] == [base, step(1)]


def test_an_event_of_a_later_version_is_passed_over() -> None:
    line = to_line(Warned("new"), TIME).replace('"warned"', '"unheard of"')
    assert from_lines([line, to_line(step(1), TIME)]) == [step(1)]


def test_a_line_says_when_and_what() -> None:
    assert to_line(Saved(1, None), TIME).startswith(
        '{"time": "2026-01-02T03:04:05.000+00:00", "kind": "saved"'
    )
    assert asdict(Saved(1, None)) == {"step": 1, "best_step": None}


def test_a_line_that_is_not_what_was_written_is_named_unless_it_is_the_last() -> None:
    good = to_line(Saved(3, 3), "2026-01-02T03:04:05+00:00")
    for bad in ('{"time": "x", "kind": "saved"}', "[1]", "{", '{"kind": "step"}'):
        with pytest.raises(DamagedFile, match=r"Line 2 of events\.jsonl"):
            from_lines([good, bad, good])
        assert from_lines([good, bad]) == [Saved(3, 3)]
