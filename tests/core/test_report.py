import json
from dataclasses import asdict
from typing import get_args

from tunesmith.core.report import CriterionResult, Interval, MetricResult, Report, Sample, Verdict

INTERVAL = Interval(0.5, 0.4, 0.6)
REPORT = Report(
    verdict="promote",
    reason="All criteria are met.",
    rows=20,
    metrics=(MetricResult("rouge_l", 1, True, INTERVAL, INTERVAL, INTERVAL),),
    criteria=(CriterionResult("rouge_l at least 0.4", "met", INTERVAL),),
    samples=(Sample("Hi", "Hello", "Hey", "Hello"),),
)


def test_there_are_three_verdicts() -> None:
    assert get_args(Verdict) == ("promote", "keep the base", "not enough data to tell")


def test_a_report_holds_plain_values_only_and_says_its_format() -> None:
    values = asdict(REPORT)
    written = json.loads(json.dumps(values))
    assert written["format"] == 1
    assert written["metrics"][0] == values["metrics"][0]
    assert written["criteria"][0] == values["criteria"][0]
    assert written["samples"][0] == values["samples"][0]
