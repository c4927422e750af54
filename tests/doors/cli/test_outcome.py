import json
from dataclasses import asdict, replace

from finished_run import FinishedRun
from tunesmith.core.report import Interval, MetricResult, Report
from tunesmith.doors.cli.outcome import report_lines, to_json, to_lines

REPORT = Report(
    verdict="promote",
    reason="All criteria are met.",
    rows=412,
    metrics=(
        MetricResult(
            metric="rouge_l",
            version=1,
            higher_is_better=True,
            base=Interval(0.31, 0.3, 0.32),
            tuned=Interval(0.4316, 0.4, 0.5),
            gain=Interval(0.1216, 0.1, 0.15),
        ),
        MetricResult(
            metric="perplexity",
            version=1,
            higher_is_better=False,
            base=Interval(13.5, 13, 14),
            tuned=Interval(14.5, 14, 15),
            gain=Interval(-1.0, -2, -0.5),
        ),
    ),
    criteria=(),
    samples=(),
    notes=("Only 412 rows.",),
)


def test_a_report_is_a_verdict_a_reason_and_a_table() -> None:
    assert report_lines(REPORT) == [
        "verdict: promote",
        "All criteria are met.",
        "",
        "metric      base  tuned   gain, 95 % interval",
        "rouge_l     0.31  0.4316  +0.1216  [+0.1, +0.15]",
        "perplexity  13.5  14.5    -1  [-2, -0.5]",
        "note: Only 412 rows.",
    ]


def test_a_report_needs_no_metric() -> None:
    assert report_lines(replace(REPORT, metrics=(), notes=()))[0] == "verdict: promote"


def test_what_to_do_next_is_said_with_the_package(finished_run: FinishedRun) -> None:
    lines = to_lines(finished_run.finished)
    assert f"chat:     tunesmith chat {finished_run.package}" in lines
    assert f"report:   {finished_run.folder.path / 'report.html'}" in lines


def test_a_program_gets_everything(finished_run: FinishedRun) -> None:
    value = json.loads(json.dumps(to_json(finished_run.finished)))
    assert value["package"] == str(finished_run.package)
    assert value["report"]["verdict"] == finished_run.finished.report.verdict
    assert value["report"]["rows"] == asdict(finished_run.finished.report)["rows"]


def test_a_suggested_command_can_be_pasted(finished_run: FinishedRun) -> None:
    finished = replace(finished_run.finished, package="my runs/package")
    assert "chat:     tunesmith chat 'my runs/package'" in to_lines(finished)
