import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tunesmith.core.cards import Step, Validation
from tunesmith.core.report import Report
from tunesmith.doors.notebook import SECONDS_BETWEEN_DRAWINGS, follow, watch
from tunesmith.lifecycle.events import Event, Finished, Saved, Stage, Started
from tunesmith.pages.curve import render_curve

END = Finished("runs/a", "runs/a/package", "runs/a/report.html", Report("promote", "Met.", 1, (), (), ()))
STEPS = [Step(number, 1, 3 - number / 10, 10.0, 300, 0.5, 1e-4, 0.25) for number in range(1, 7)]
VALIDATION = Validation(6, 2.25, 0.5, 40)
EVENTS: list[Event] = [Stage("data", "read"), Started(0, 6, 1, 2), *STEPS, VALIDATION, Saved(6, 6), END]

IPYTHON = """
shown = []

class HTML:
    def __init__(self, data):
        self.data = data

class Display:
    def update(self, html):
        shown.append(html.data)

def display(html, display_id):
    assert display_id is True
    return Display()
"""


def clock(seconds: float) -> Iterator[float]:
    """Give a clock that goes on by so much each time somebody looks."""
    time = 0.0
    while True:
        yield time
        time += seconds


def test_outside_a_notebook_a_run_is_followed_silently(capsys: pytest.CaptureFixture[str]) -> None:
    assert "ipykernel" not in sys.modules
    assert watch(EVENTS) is END
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_the_curve_is_drawn_about_once_a_second_and_whole_at_the_end() -> None:
    drawn: list[str] = []
    ticks = clock(SECONDS_BETWEEN_DRAWINGS / 4)
    assert follow(EVENTS, drawn.append, lambda: next(ticks)) is END
    assert drawn[0] == render_curve(STEPS[:1], [], None)
    assert drawn[-1] == render_curve(STEPS, [VALIDATION], 6)
    assert 2 < len(drawn) < len(STEPS)


def test_a_notebook_sees_the_curve_in_one_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "IPython").mkdir()
    (tmp_path / "IPython" / "__init__.py").touch()
    (tmp_path / "IPython" / "display.py").write_text(IPYTHON)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("IPython", "IPython.display"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert watch(EVENTS) is END
    shown = sys.modules.pop("IPython.display").shown
    del sys.modules["IPython"]
    assert shown[-1] == render_curve(STEPS, [VALIDATION], 6)


def test_an_error_comes_through() -> None:
    def failing() -> Iterator[Event]:
        yield from EVENTS[:4]
        raise ZeroDivisionError

    drawn: list[str] = []
    with pytest.raises(ZeroDivisionError):
        follow(failing(), drawn.append)
    assert drawn
