import pytest

from tunesmith.core.cards import Completion
from tunesmith.evaluation.metric.recall_at import RecallAt


@pytest.mark.parametrize(
    ("said", "k", "found"), [("1 of 9", 1, 1), ("2 of 9", 1, 0), ("2 of 9", 2, 1), ("red", 9, 0)]
)
def test_a_text_is_found_among_the_first_or_not_at_all(said, k, found, example):
    assert RecallAt(k=k).score(Completion(said), example("red")) == (found, 1.0)


def test_the_value_is_the_share_of_texts():
    assert RecallAt().summarise([3.0, 4.0]) == 0.75
