import signal
from pathlib import Path

import pytest

from tunesmith.core.errors import BadData, DiskFull, Stopped, TunesmithError
from tunesmith.doors.cli.stop import stop_on_signals, telling_how_to_go_on

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_asks_once_and_says_so(number: signal.Signals, capfd: pytest.CaptureFixture[str]) -> None:
    with stop_on_signals() as is_asked_to_stop:
        assert not is_asked_to_stop()
        signal.raise_signal(number)
        assert is_asked_to_stop()
    said = capfd.readouterr()
    assert said.err == "\nStopping at the next safe point; once more to stop at once.\n"
    assert said.out == ""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_signal_stops_at_once(number: signal.Signals) -> None:
    with stop_on_signals() as is_asked_to_stop:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        assert is_asked_to_stop()


def test_afterwards_signals_work_as_before() -> None:
    before = handlers()
    with stop_on_signals():
        assert handlers() != before
    assert handlers() == before


def test_signals_work_as_before_after_an_error_too() -> None:
    before = handlers()
    with pytest.raises(ZeroDivisionError), stop_on_signals():
        raise ZeroDivisionError
    assert handlers() == before


@pytest.mark.parametrize("kind", [Stopped, DiskFull])
def test_what_can_go_on_says_with_which_command(kind: type[TunesmithError]) -> None:
    with (
        pytest.raises(kind, match=r"^This and that\. Go on with: tunesmith go --on 'a run'$"),
        telling_how_to_go_on("tunesmith go --on", Path("a run")),
    ):
        raise kind("This and that.")


def test_what_was_stopped_at_once_says_it_too() -> None:
    with (
        pytest.raises(Stopped, match=r"^\nStopped at once; .* Go on with: tunesmith resume run$"),
        telling_how_to_go_on("tunesmith resume", Path("run")),
    ):
        raise KeyboardInterrupt


def test_what_cannot_go_on_is_told_as_it_is() -> None:
    with pytest.raises(BadData, match=r"^This\.$"), telling_how_to_go_on("tunesmith resume", Path("run")):
        raise BadData("This.")


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in SIGNALS]
