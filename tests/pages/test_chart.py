"""Marks lie where the numbers say, inside the drawing, for runs of every size."""

import math

import pytest

from tunesmith.core.cards import Step, Validation
from tunesmith.core.report import Interval, MetricResult
from tunesmith.pages.chart import MOST_POINTS, interval_bars, loss_chart, rate_chart


def steps(losses) -> list[Step]:
    return [Step(number, 1, loss, 10.0, 12, 0.5, 2e-4 / number, 0.1) for number, loss in enumerate(losses, 1)]


def points(line: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in line.split())]


def test_a_line_falls_where_the_loss_falls():
    chart = loss_chart(steps([4.0, 3.0, 2.0, 1.0]), [], None, 760)
    drawn = points(chart.lines["raw"])
    assert [x for x, _ in drawn] == sorted(x for x, _ in drawn)
    assert drawn[0] == (chart.left, chart.top)
    assert drawn[-1] == (chart.right, chart.bottom)
    assert [tick.label for tick in chart.rows] == ["1", "2", "3", "4"]
    assert [tick.label for tick in chart.columns] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("width", [760, 360])
@pytest.mark.parametrize("count", [1, 2, 7, 120, 5000])
def test_everything_lies_inside_the_drawing(width, count):
    run = steps([2 + math.sin(number) for number in range(count)])
    chart = loss_chart(run, [Validation(count, 2.0, 0.5, 10)], count, width)
    drawn = [point for line in chart.lines.values() for point in points(line)] + list(chart.dots)
    assert all(chart.left <= x <= chart.right and chart.top <= y <= chart.bottom for x, y in drawn)
    assert all(chart.left <= tick.at <= chart.right for tick in chart.columns)
    assert all(chart.top <= tick.at <= chart.bottom for tick in chart.rows)
    assert 2 <= len(chart.rows) <= 8
    assert chart.best == chart.dots[0]


def test_long_runs_are_drawn_with_few_points_and_every_spike():
    losses = [2.0] * 20_000
    losses[17_777] = 9.0
    losses[3_333] = 0.5
    chart = loss_chart(steps(losses), [], None, 760)
    drawn = points(chart.lines["raw"])
    assert len(drawn) <= MOST_POINTS
    assert min(y for _, y in drawn) < chart.top + 0.15 * (chart.bottom - chart.top)
    assert max(y for _, y in drawn) > chart.bottom - 0.1 * (chart.bottom - chart.top)
    assert len(points(chart.lines["smooth"])) <= 2 * MOST_POINTS


def test_smoothing_leaves_a_straight_line_straight_and_calms_noise():
    straight = loss_chart(steps([3 - number / 100 for number in range(200)]), [], None, 760)
    pairs = zip(points(straight.lines["smooth"]), points(straight.lines["raw"]), strict=True)
    assert all(smooth == pytest.approx(raw, abs=0.02) for smooth, raw in pairs)
    noisy = loss_chart(steps([2 + (-1) ** number for number in range(200)]), [], None, 760)
    heights = [y for _, y in points(noisy.lines["smooth"])][20:-20]
    assert max(heights) - min(heights) < 0.25 * (noisy.bottom - noisy.top)


def test_losses_that_are_not_numbers_are_left_out():
    chart = loss_chart(steps([2.0, math.nan, math.inf, 1.0]), [Validation(2, math.nan, 0.5, 1)], 2, 760)
    assert len(points(chart.lines["raw"])) == 2
    assert chart.dots == ()
    assert chart.best is None


@pytest.mark.parametrize("other", [2.5, math.nextafter(2.5, 3), 2.5 + 1e-14, 2.5 - 1e-12, 2.5 + 1e-7])
def test_losses_that_hardly_differ_have_a_chart_with_labels_that_do(other):
    chart = loss_chart(steps([2.5, other, 2.5]), [Validation(2, other, 0.5, 1)], 2, 760)
    assert len({tick.label for tick in chart.rows}) == len(chart.rows) >= 2
    assert all(chart.top <= y <= chart.bottom for _, y in points(chart.lines["raw"]))


def test_a_run_without_steps_has_no_chart():
    assert loss_chart([], [], None, 760) is None
    assert rate_chart([], 760) is None


def test_learning_rates_start_at_zero_and_are_labelled():
    chart = rate_chart(steps([1.0] * 10), 760)
    assert [tick.label for tick in chart.rows] == ["0.0000", "0.0001", "0.0002"]


def test_very_small_learning_rates_have_short_labels():
    run = [Step(number, 1, 1.0, 1.0, 1, 1.0, 2e-6, 0.1) for number in (1, 2)]
    assert [tick.label for tick in rate_chart(run, 760).rows] == ["0", "1e-6", "2e-6"]


def test_intervals_of_base_and_tuned_share_a_scale():
    result = MetricResult(
        "bleu", 1, True, Interval(10.0, 8.0, 12.0), Interval(18.0, 14.0, 28.0), Interval(-2.0, -5.0, 5.0)
    )
    bars = interval_bars(result)
    assert bars.base.low == 6
    assert bars.tuned.high == bars.width - 6
    assert bars.base.value < bars.base.high < bars.tuned.low < bars.tuned.value
    assert bars.gain.low < bars.gain.value < bars.zero < bars.gain.high
    assert bars.zero == bars.width / 2


def test_the_gain_is_always_drawn_with_zero():
    far = Interval(8.0, 7.0, 9.0)
    bars = interval_bars(MetricResult("bleu", 1, True, far, far, far))
    assert bars.zero == 6
    assert bars.gain.high == bars.width - 6
    assert bars.gain.low > bars.width / 2


def test_intervals_of_no_width_stand_in_the_middle():
    point = Interval(0.0, 0.0, 0.0)
    bars = interval_bars(MetricResult("exact_match", 1, True, point, point, point))
    assert bars.base.low == bars.base.value == bars.base.high == bars.zero == bars.width / 2
