import pytest

from tunesmith.core.cards import Completion
from tunesmith.evaluation.metric.reciprocal_rank import ReciprocalRank


@pytest.mark.parametrize(("said", "value"), [("1 of 9", 1.0), ("4 of 9", 0.25), ("red", 0.0)])
def test_a_text_counts_the_less_the_later_it_comes(said, value, example):
    assert ReciprocalRank().score(Completion(said), example("red")) == (value, 1.0)


def test_the_value_is_the_mean():
    assert ReciprocalRank().summarise([1.5, 2.0]) == 0.75
