from pathlib import Path

from tunesmith.core.example import Message
from tunesmith.core.service import Package, Trace


def test_a_trace_holds_no_correction_until_somebody_gives_one() -> None:
    trace = Trace("a", 0.0, "model", (Message("user", "Hi"),), "Hello", 1, 1, 0.5)
    assert trace.correction is None


def test_a_package_is_of_the_first_format() -> None:
    assert Package(Path("package"), "shop", "adapter", "tiny", "abc", {}).format == 1
