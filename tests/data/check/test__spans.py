from array import array

from tunesmith.core.cards import Encoded
from tunesmith.data.check._spans import spans_of


def test_spans_are_the_runs_of_learned_tokens() -> None:
    sequence = Encoded(array("i", range(7)), array("f", [0, 1, 0.5, 0, 0, 1, 1]))
    assert [(span.start, span.end) for span in spans_of(sequence)] == [(1, 3), (5, 7)]
    assert [list(span.ids) for span in spans_of(sequence)] == [[1, 2], [5, 6]]


def test_a_sequence_without_a_weight_has_none() -> None:
    assert spans_of(Encoded(array("i", [1, 2]), array("f", [0, 0]))) == []
    assert spans_of(Encoded(array("i"), array("f"))) == []


def test_only_a_run_at_the_end_of_a_cut_sequence_is_cut() -> None:
    ids, weights = array("i", range(4)), array("f", [0, 1, 0, 1])
    assert [span.is_cut for span in spans_of(Encoded(ids, weights, lost=2))] == [False, True]
    assert [span.is_cut for span in spans_of(Encoded(ids, weights))] == [False, False]


def test_a_run_is_parted_behind_each_end() -> None:
    (span,) = spans_of(Encoded(array("i", [5, 6, 9, 7, 9, 8]), array("f", [0, 1, 1, 1, 1, 1])))
    assert [list(part.ids) for part in span.parted({9})] == [[6, 9], [7, 9], [8]]
    assert [list(part.ids) for part in span.parted({1})] == [[6, 9, 7, 9, 8]]
