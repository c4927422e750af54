import pytest

from tunesmith.evaluation.metric._rank import rank_in


@pytest.mark.parametrize(
    ("text", "rank"), [("1 of 3", 1), ("12 of 120", 12), ("0 of 3", None), ("1", None), ("a 1 of 3", None)]
)
def test_only_a_place_among_others_is_a_rank(text, rank):
    assert rank_in(text) == rank
