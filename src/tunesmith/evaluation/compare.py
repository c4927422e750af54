"""Base against tuned on the same untouched rows: answers in, a report with a verdict out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message
from tunesmith.core.recipe import Criterion
from tunesmith.core.report import MetricResult, Report, Sample
from tunesmith.evaluation.statistics import measure, tabulate
from tunesmith.evaluation.verdict import decide


@dataclass(frozen=True)
class Answers:
    """What one model said about the test rows, in their order; either list may cover only the first rows.

    `generated` holds its own answers; `scored` holds `nats` and `predicted` of the references.
    """

    generated: Sequence[Completion] = ()
    scored: Sequence[Completion] = ()


@dataclass(frozen=True)
class Suite:
    """What is measured, by name, and what decides; `samples` rows are shown, `seed` draws the intervals."""

    metrics: Mapping[str, Metric]
    success: tuple[Criterion, ...]
    samples: int
    seed: int


Row = tuple[Example, Completion, Completion]
"""A test row, what the base said and what the tuned model said."""


def compare(examples: Sequence[Example], base: Answers, tuned: Answers, suite: Suite) -> Report:
    """Measure both models on the same test rows, with intervals, and decide which one to use.

    A metric without a single row to measure is left out, and a note says so. Raises BadData if base and tuned
    do not cover the same rows, NonFinite if a model's numbers are not finite.
    """
    generated = _pair(examples, base.generated, tuned.generated, "generated answers")
    scored = _pair(examples, base.scored, tuned.scored, "likelihoods")
    predicted = [row for row in scored if row[1].predicted and row[2].predicted]
    results: list[MetricResult] = []
    rows: dict[str, int] = {}
    for name, metric in suite.metrics.items():
        used = generated if metric.needs == "answer" else predicted
        rows[name] = len(used)
        if used:
            results.append(_measure(name, metric, used, suite.seed))
    verdict, reason, criteria = decide(results, suite.success, rows)
    return Report(
        verdict=verdict,
        reason=reason,
        rows=len(examples),
        metrics=tuple(results),
        criteria=criteria,
        samples=tuple(_sample(row) for row in generated[: suite.samples]),
        notes=(
            *_coverage_notes(suite.metrics, rows, len(examples)),
            *_empty_notes(len(scored) - len(predicted)),
            *_cut_off_notes(generated),
            *_sameness_notes(results, rows),
        ),
    )


def gains(report: Report) -> list[str]:
    """Say in a line per metric how far two models are apart."""
    return [
        f"{one.metric} {one.base.value:.4g} without, {one.tuned.value:.4g} with; "
        f"gain {one.gain.value:+.4g} [{one.gain.low:+.4g}, {one.gain.high:+.4g}]"
        for one in report.metrics
    ]


def _pair(
    examples: Sequence[Example], base: Sequence[Completion], tuned: Sequence[Completion], what: str
) -> list[Row]:
    if len(base) != len(tuned) or len(base) > len(examples):
        raise BadData(
            f"The base has {len(base)} {what} and the tuned model {len(tuned)}, for {len(examples)} rows: "
            "both must cover the same rows, counted from the first."
        )
    rows = list(zip(examples, base, tuned, strict=False))  # both may stop early, together
    for example, before, after in rows:
        if before.predicted != after.predicted:
            raise BadData(
                f"{example.place}: the base predicted {before.predicted} tokens and the tuned model "
                f"{after.predicted}. Their likelihoods cannot be compared; use the same tokenizer for both."
            )
    return rows


def _measure(name: str, metric: Metric, rows: Sequence[Row], seed: int) -> MetricResult:
    examples, base, tuned = zip(*rows, strict=True)
    before, after = (tabulate(name, metric, examples, side) for side in (base, tuned))
    return measure(name, metric, before, after, seed=seed)


def _sample(row: Row) -> Sample:
    example, base, tuned = row
    return Sample(_prompt(example.prompt), example.reference, base.text, tuned.text)


def _prompt(messages: Sequence[Message]) -> str:
    if len(messages) == 1:
        return messages[0].content
    return "\n\n".join(f"{message.role.capitalize()}: {message.content}" for message in messages)


def _coverage_notes(metrics: Mapping[str, Metric], rows: Mapping[str, int], total: int) -> list[str]:
    """Say which metrics saw fewer than all test rows, one note for each number of rows."""
    notes: list[str] = []
    for count in sorted(set(rows.values()) - {total} | {0}):
        names = ", ".join(name for name in metrics if rows[name] == count)
        if names and not count:
            notes.append(f"Not measured, for want of test rows: {names}.")
        elif names:
            notes.append(f"Measured on {count:,} of {total:,} test rows: {names}.")
    return notes


def _empty_notes(empty: int) -> list[str]:
    if not empty:
        return []
    return [f"{empty:,} test rows have no reference token to predict; likelihood metrics leave them out."]


def _cut_off_notes(generated: Sequence[Row]) -> list[str]:
    base = sum(row[1].finish_reason == "length" for row in generated)
    tuned = sum(row[2].finish_reason == "length" for row in generated)
    return [
        f"{cut:,} of {len(generated):,} {side} answers were cut off at the token limit."
        for side, cut in (("base", base), ("tuned", tuned))
        if cut
    ]


def _sameness_notes(results: Sequence[MetricResult], rows: Mapping[str, int]) -> list[str]:
    """Warn where a bootstrap sees no spread: n rows that agree still allow about 3/n others.

    Source: Hanley and Lippman-Hand, 1983, https://doi.org/10.1001/jama.1983.03330370053031.
    """
    notes: list[str] = []
    for result in results:
        if result.tuned.low == result.tuned.high:
            share = min(1.0, 3 / rows[result.metric])
            notes.append(
                f"{result.metric} is the same on every test row, so its interval has no width; "
                f"up to {share:.0%} of unseen rows may still differ."
            )
    return notes
