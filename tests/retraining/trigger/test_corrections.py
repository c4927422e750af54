"""The trigger fires on enough corrections and says how many there are."""

import pytest

from tunesmith.core.contracts import Trigger
from tunesmith.core.example import Message
from tunesmith.core.registry import Registry
from tunesmith.core.service import Trace
from tunesmith.retraining.trigger.corrections import Corrections


def trace(name: str, correction: str | None) -> Trace:
    return Trace(name, 1.0, "tiny", (Message("user", "Hi"),), "Hello", 5, 2, 0.25, correction)


def test_it_is_found_by_name() -> None:
    assert Registry("retraining.trigger", Trigger).build("corrections", {}) == Corrections(minimum=20)


@pytest.mark.parametrize(("minimum", "fires"), [(1, True), (2, True), (3, False)])
def test_it_fires_from_the_minimum_on(minimum: int, fires: bool) -> None:
    traces = [trace("a", "Better."), trace("b", None), trace("c", "Best."), trace("d", "Hello")]
    signal = Corrections(minimum=minimum).judge(traces)
    assert signal.fires is fires
    assert signal.traces == ("a", "c")
    assert signal.sentence.startswith("2 of 4 answers were corrected; ")


def test_no_traces_are_no_reason() -> None:
    assert not Corrections(minimum=1).judge([]).fires
