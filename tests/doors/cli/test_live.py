import sys
from io import StringIO

import pytest

from tunesmith.core.cards import Step, Validation
from tunesmith.core.errors import Stopped
from tunesmith.core.report import Report
from tunesmith.doors.cli.live import PLAIN_LINES, sentence, sparkline, watch
from tunesmith.lifecycle.events import Event, Finished, Saved, Stage, Started, Warned

END = Finished("runs/a", "runs/a/package", "runs/a/report.html", Report("promote", "Met.", 1, (), (), ()))


class Terminal(StringIO):
    """What a terminal would show."""

    def isatty(self) -> bool:
        return True


def step(number: int) -> Step:
    return Step(number, 1, 2.5 - number / 100, 10.0, 300, 0.5, 1e-4, 0.25)


def a_run(steps: int) -> list[Event]:
    return [
        Stage("data", "rows [bold]read[/bold]"),
        Started(0, steps, 1200, 34000),
        *(step(number) for number in range(1, steps + 1)),
        Validation(steps, 2.25, 0.5, 40),
        Saved(steps, None),
        Warned("Only 3 test rows."),
        END,
    ]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Stage("data", "read"), "data: read"),
        (Started(0, 9, 1200, 34000), "training to step 9; 1,200 of 34,000 parameters change"),
        (Started(4, 9, 1, 2), "training from step 4 to step 9; 1 of 2 parameters change"),
        (step(1), "step 1  epoch 1  loss 2.4900  norm 0.50  1,200 tokens/s"),
        (
            Validation(2, 0.0, 0.5, 4),
            "validation after step 2: loss 0.0000  perplexity 1.00  token accuracy 50.0%",
        ),
        (Saved(2, None), "saved step 2"),
        (Saved(4, 2), "saved step 4 (best: 2)"),
        (Warned("Few rows."), "warning: Few rows."),
        (END, "verdict: promote"),
    ],
)
def test_every_event_has_its_line(event: Event, said: str) -> None:
    assert sentence(event) == said


def test_without_a_terminal_every_event_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    events = a_run(3)
    assert watch(events) is END
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [sentence(event) for event in events[:-1]]


def test_a_long_run_prints_some_of_its_steps_and_all_else(capsys: pytest.CaptureFixture[str]) -> None:
    watch(a_run(1000))
    lines = capsys.readouterr().err.splitlines()
    steps = [line for line in lines if line.startswith("step ")]
    assert len(steps) == PLAIN_LINES + 1
    assert steps[0].startswith("step 1 ")
    assert steps[-1].startswith("step 1000 ")
    assert len(lines) - len(steps) == 5


def test_a_terminal_sees_bars_a_curve_and_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    assert watch(a_run(30)) is END
    shown = sys.stderr.getvalue()  # type: ignore[attr-defined]  # it is the terminal above
    assert "training to step 30" in shown
    assert "warning: Only 3 test rows." in shown
    assert "loss 2.2000" in shown
    assert "validation 2.2500, 50.0% right" in shown
    assert "█" in shown
    assert "100%" in shown
    assert "rows [bold]read[/bold]" in shown  # what data says is shown as it is


@pytest.mark.parametrize("stream", [StringIO, Terminal])
def test_an_error_comes_through(monkeypatch: pytest.MonkeyPatch, stream: type[StringIO]) -> None:
    def stopping():
        yield from a_run(3)[:4]
        raise Stopped("Stopped after step 2 of 3.")

    monkeypatch.setattr(sys, "stderr", stream())
    with pytest.raises(Stopped, match="after step 2"):
        watch(stopping())


@pytest.mark.parametrize(
    ("values", "bars"),
    [([1.0], "▁"), ([2.0, 2.0], "▁▁"), ([0.0, 7.0], "▁█"), ([float(n) for n in range(8)], "▁▂▃▄▅▆▇█")],
)
def test_numbers_are_drawn_from_low_to_high(values: list[float], bars: str) -> None:
    assert sparkline(values, 10) == bars


def test_only_the_newest_numbers_have_room() -> None:
    assert sparkline([100.0, 0.0, 7.0], 2) == "▁█"
