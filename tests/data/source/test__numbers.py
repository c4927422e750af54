import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.data.source._numbers import has_fraction, number_in, read_number, read_rating, truth_in
from tunesmith.data.source._refused import Refused


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_a_number_is_itself_as_a_value_and_as_text(number):
    assert number_in(number) == number_in(repr(number)) == number_in(f" {number!r} ") == number
    assert read_number(number, "w") == number


@pytest.mark.parametrize("value", ["", " ", "x", "1,5", "1_000", "0x1", "nan", "inf", "1 2", "٣", "--1", "."])
def test_what_only_looks_like_a_number_is_none(value):
    assert number_in(value) is None
    assert not has_fraction(value)


@pytest.mark.parametrize("value", [None, True, False, [1], {}])
def test_what_is_no_number_is_none(value):
    assert number_in(value) is None


def test_a_number_has_a_fraction_if_it_is_written_with_one():
    assert [value for value in (1, "1", "-2", "+3", True, None, "x") if has_fraction(value)] == []
    assert all(has_fraction(value) for value in (0.5, 1.0, "0.5", "1.0", "-.5", "1e3", " 2.5 "))


def test_truth_is_read_from_values_and_text():
    assert [truth_in(value) for value in (True, "true", " True ", "TRUE")] == [1.0] * 4
    assert [truth_in(value) for value in (False, "false")] == [0.0] * 2
    assert [truth_in(value) for value in (1, "1", "yes", None, "")] == [None] * 5


def test_a_rating_is_a_number_or_a_truth():
    assert [read_rating(value, "w") for value in (4, "4.5", True, "false", 0)] == [4, 4.5, 1, 0, 0]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "not a number: 'score' is null: None. Write a number."),
        ("good", "not a number: 'score' is text: 'good'. Write a number."),
        ([5], "not a number: 'score' is a list: [5]. Write a number."),
        ("1e999", "number not finite: 'score' is '1e999'. Write a number below 1e308."),
        (math.nan, "number not finite: 'score' is nan. Write a number below 1e308."),
        (math.inf, "number not finite: 'score' is inf. Write a number below 1e308."),
        (10**400, "number not finite: 'score' is 1000000000"),
    ],
)
def test_anything_else_is_refused(value, message):
    for read in (read_number, read_rating):
        with pytest.raises(Refused) as caught:
            read(value, "'score'")
        assert f"{caught.value.reason}: {caught.value.found}. {caught.value.remedy}".startswith(message)


def test_a_truth_is_no_number():
    with pytest.raises(Refused, match="not a number"):
        read_number(True, "'label'")
