"""What the tests of this room share: a report and a page made of plain values."""

import math
from collections.abc import Callable

import pytest

from tunesmith.core.cards import Step, Validation
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.ledger import DropCount, Ledger, SplitCount
from tunesmith.core.report import CriterionResult, Interval, MetricResult, Report, Sample
from tunesmith.pages.report_page import Page


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


@pytest.fixture
def page(report: Report) -> Page:
    """Give a page as a run of 120 steps would."""
    steps = [
        Step(
            number=number,
            epoch=1,
            loss=1.2 + 1.6 * math.exp(-number / 25) + 0.1 * math.sin(7 * number),
            weight=8000.0,
            tokens=8192,
            gradient_norm=0.5,
            learning_rate=2e-4 * min(1, number / 6) * (1 - number / 130),
            seconds=0.8,
        )
        for number in range(1, 121)
    ]
    validations = [
        Validation(number, 1.3 + abs(number - 84) / 90, 0.5123, 24310) for number in range(12, 121, 12)
    ]
    ledger = Ledger(
        rows_in=4306,
        tokens_in=1_238_311,
        splits={
            "train": SplitCount(3402, 742_113, 241_022, 3_128),
            "validation": SplitCount(421, 91_240, 28_310, 0),
            "test": SplitCount(412, 88_102, 27_994, 0),
        },
        dropped={"not valid JSON": DropCount(4, 0), "same as an earlier row": DropCount(67, 16_402)},
        notes=("9 rows hold what looks like an e-mail address.",),
    )
    ledger.check()
    facts = {"Recipe": "shop-descriptions", "Seed": "7", "Chat with it": "`tunesmith chat runs/shop/package`"}
    return Page("Shop descriptions", "Write in our voice.", report, ledger, steps, validations, 84, facts)
