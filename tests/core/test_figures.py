"""Figures have as many digits as their interval can carry."""

import pytest

from tunesmith.core.figures import places, span, write
from tunesmith.core.report import Interval


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (Interval(0.4321, 0.401, 0.462), 3),
        (Interval(12.3, 11.9, 12.8), 2),
        (Interval(23.4, 19.0, 27.0), 1),
        (Interval(400.0, 300.0, 500.0), 0),
        (Interval(1.0, 1.0, 1.0), 1),
        (Interval(0.0, 0.0, 0.0), 1),
        (Interval(1.0, 1.0, 1.0 + 1e-12), 6),
    ],
)
def test_the_width_shows_two_digits(interval, expected):
    assert places(interval) == expected


@pytest.mark.parametrize(
    ("value", "signed", "written"),
    [
        (0.12345, False, "0.12"),
        (0.12345, True, "+0.12"),
        (-0.12345, False, "\u22120.12"),
        (-0.001, True, "0.00"),
        (0.001, True, "0.00"),
        (12345.678, False, "12,345.68"),
    ],
)
def test_numbers_have_true_signs_and_zero_has_none(value, signed, written):
    assert write(value, 2, signed=signed) == written


def test_a_span_names_both_bounds():
    assert span(Interval(0.1, -0.05, 0.25), 2, signed=True) == "\u22120.05 to +0.25"
