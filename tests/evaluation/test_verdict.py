"""A verdict follows from whole intervals, and says so in words."""

import pytest

from tunesmith.core.recipe import Criterion
from tunesmith.core.report import Interval, MetricResult
from tunesmith.evaluation.verdict import decide


def result(metric="rouge_l", tuned=(0.43, 0.40, 0.46), gain=(0.12, 0.10, 0.14), higher=True) -> MetricResult:
    return MetricResult(metric, 1, higher, Interval(0.31, 0.29, 0.33), Interval(*tuned), Interval(*gain))


def outcome(criterion: Criterion, measured: MetricResult, rows: int = 100) -> str:
    (entry,) = decide([measured], (criterion,), {measured.metric: rows})[2]
    return entry.outcome


@pytest.mark.parametrize(
    ("bound", "expected"),
    [(0.39, "met"), (0.40, "met"), (0.43, "undecided"), (0.46, "undecided"), (0.47, "missed")],
)
def test_at_least_looks_at_the_whole_interval(bound, expected):
    assert outcome(Criterion(metric="rouge_l", at_least=bound), result()) == expected


@pytest.mark.parametrize(
    ("bound", "expected"),
    [(0.47, "met"), (0.46, "met"), (0.43, "undecided"), (0.40, "undecided"), (0.39, "missed")],
)
def test_at_most_looks_at_the_whole_interval(bound, expected):
    assert outcome(Criterion(metric="rouge_l", at_most=bound), result()) == expected


@pytest.mark.parametrize(
    ("bound", "expected"), [(0.10, "met"), (0.12, "undecided"), (0.14, "undecided"), (0.15, "missed")]
)
def test_gain_over_base_looks_at_the_interval_of_the_gain(bound, expected):
    assert outcome(Criterion(metric="rouge_l", gain_over_base=bound), result()) == expected


def test_all_met_promotes():
    success = (Criterion(metric="rouge_l", at_least=0.4), Criterion(metric="rouge_l", gain_over_base=0.1))
    verdict, reason, entries = decide([result()], success, {"rouge_l": 412})
    assert verdict == "promote"
    assert reason == (
        "All 2 criteria are met on 412 test rows. The first of them: "
        "rouge_l is 0.430 (95% interval 0.400 to 0.460; asked: at least 0.4)."
    )
    assert [entry.criterion for entry in entries] == [
        "rouge_l is at least 0.4",
        "rouge_l gains at least 0.1 over the base",
    ]
    assert entries[0].evidence == Interval(0.43, 0.40, 0.46)
    assert entries[1].evidence == Interval(0.12, 0.10, 0.14)


def test_any_missed_keeps_the_base_even_if_another_is_open():
    success = (Criterion(metric="rouge_l", at_least=0.43), Criterion(metric="rouge_l", gain_over_base=0.2))
    verdict, reason, _ = decide([result()], success, {"rouge_l": 412})
    assert verdict == "keep the base"
    assert reason == (
        "1 of 2 criteria is missed on 412 test rows: "
        "the gain in rouge_l is +0.120 (95% interval +0.100 to +0.140; asked: at least 0.2)."
    )


def test_an_open_criterion_says_how_many_rows_would_settle_it():
    success = (Criterion(metric="rouge_l", at_least=0.42),)
    verdict, reason, _ = decide([result()], success, {"rouge_l": 100})
    assert verdict == "not enough data to tell"
    # The bound is 0.01 away and the interval reaches 0.03: nine times the rows.
    assert "100 test rows leave the criterion open" in reason
    assert reason.endswith("About 900 test rows would settle it, if the values stay as they are.")


@pytest.mark.parametrize("bound", [0.43, 0.4301])
def test_a_value_on_the_bound_promises_nothing(bound):
    reason = decide([result()], (Criterion(metric="rouge_l", at_least=bound),), {"rouge_l": 100})[1]
    assert reason.endswith("more rows may not settle it.")


def test_without_criteria_the_first_metric_must_gain():
    verdict, reason, (entry,) = decide([result(), result("bleu")], (), {"rouge_l": 50, "bleu": 50})
    assert verdict == "promote"
    assert entry.criterion == "rouge_l is better than the base"
    assert "asked: more than 0" in reason


@pytest.mark.parametrize(
    ("gain", "expected"),
    [
        ((0.1, 0.0, 0.2), "not enough data to tell"),
        ((0.0, 0.0, 0.0), "keep the base"),
        ((-0.1, -0.2, 0.0), "keep the base"),
        ((0.1, 1e-9, 0.2), "promote"),
    ],
)
def test_no_gain_is_not_better_than_the_base(gain, expected):
    assert decide([result(gain=gain)], (), {"rouge_l": 50})[0] == expected


@pytest.mark.parametrize("rows", [1, 19])
@pytest.mark.parametrize("bound", [0.0, 1.0])
def test_fewer_than_20_rows_decide_nothing(rows, bound):
    verdict, reason, (entry,) = decide(
        [result()], (Criterion(metric="rouge_l", at_least=bound),), {"rouge_l": rows}
    )
    assert verdict == "not enough data to tell"
    assert entry.outcome == "undecided"
    assert reason.startswith(f"Only {rows} test row")
    assert "at least 20" in reason


def test_each_criterion_is_judged_on_its_own_rows():
    success = (Criterion(metric="rouge_l", at_least=0.1), Criterion(metric="bleu", at_least=0.1))
    verdict, reason, entries = decide([result(), result("bleu")], success, {"rouge_l": 400, "bleu": 12})
    assert verdict == "not enough data to tell"
    assert [entry.outcome for entry in entries] == ["met", "undecided"]
    assert "Only 12 test rows measured bleu" in reason


def test_a_criterion_without_a_result_keeps_the_verdict_open():
    success = (Criterion(metric="rouge_l", at_least=0.1), Criterion(metric="bleu", at_least=0.1))
    verdict, reason, entries = decide([result()], success, {"rouge_l": 400, "bleu": 0})
    assert verdict == "not enough data to tell"
    assert reason.startswith("bleu could not be measured")
    assert len(entries) == 1


def test_nothing_measured_is_said_so():
    verdict, reason, entries = decide([], (), {})
    assert verdict == "not enough data to tell"
    assert reason.startswith("Nothing could be measured")
    assert entries == ()
