"""What the tests of this room share: examples and a report made of plain values."""

from collections.abc import Callable

import pytest

from tunesmith.core.example import Example, Message, Place
from tunesmith.core.report import CriterionResult, Interval, MetricResult, Report, Sample


@pytest.fixture
def example() -> Callable[..., Example]:
    """Make an example from its wanted answer."""

    def make(reference: str, line: int = 1) -> Example:
        messages = (Message("user", f"Question {line}?"), Message("assistant", reference))
        return Example(Place("rows.jsonl", line, 0), messages)

    return make


@pytest.fixture
def report() -> Report:
    """Give a report that uses every field."""
    return Report(
        verdict="promote",
        reason="All 2 criteria are met.",
        rows=412,
        metrics=(
            MetricResult(
                "rouge_l",
                1,
                True,
                Interval(0.3104, 0.29, 0.33),
                Interval(0.4316, 0.41, 0.45),
                Interval(0.1212, 0.1, 0.14),
            ),
            MetricResult(
                "perplexity",
                1,
                False,
                Interval(13.57, 13.2, 13.9),
                Interval(4.56, 4.4, 4.7),
                Interval(9.01, 8.7, 9.3),
            ),
        ),
        criteria=(
            CriterionResult("rouge_l is at least 0.4", "met", Interval(0.4316, 0.41, 0.45)),
            CriterionResult(
                "rouge_l gains at least 0.2 over the base", "missed", Interval(0.1212, 0.1, 0.14)
            ),
            CriterionResult("perplexity is at most 4.5", "undecided", Interval(4.56, 4.4, 4.7)),
        ),
        samples=(
            Sample("List: oak, stool", "An oak stool.", "It is a product.", "An oak stool, made to last."),
        ),
        notes=("Measured on 150 of 412 test rows: rouge_l.",),
    )
