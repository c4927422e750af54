from array import array

import numpy as np
import torch

from tunesmith.core.cards import Encoded
from tunesmith.core.task import Task
from tunesmith.engine.rows import Reading, Row, second_parts, side_by_side

IDS, WEIGHTS = array("i", [5, 6, 7, 8, 9]), array("f", [0, 1, 0, 2, 0])
CPU = torch.device("cpu")


def test_what_comes_next_is_asked_one_token_earlier_and_the_end_is_not_read() -> None:
    row = Row.of(0, Encoded(IDS, WEIGHTS), Reading())
    assert (row.ids.tolist(), row.asked.tolist()) == ([5, 6, 7], [0, 2])
    assert (row.targets.tolist(), row.weights.tolist()) == ([6, 8], [1, 2])


def test_what_stands_in_a_place_is_asked_there_and_all_is_read() -> None:
    encoded = Encoded(IDS, WEIGHTS, targets=array("d", [0, 11, 0, 13, 0]))
    for reading in (Reading("encoder"), Reading("decoder", Task("tags", ("a", "b")))):
        row = Row.of(0, encoded, reading)
        assert (row.ids.tolist(), row.asked.tolist()) == (list(IDS), [1, 3])
        assert row.targets.tolist() == [11, 13]


def test_a_whole_row_is_asked_for_where_its_network_has_seen_all_of_it() -> None:
    encoded = Encoded(IDS, array("f", [0.5, 0, 0, 0, 0]), targets=array("d", [2.0]))
    task = Task("classes", ("a", "b", "c"))
    places = {
        family: Row.of(0, encoded, Reading(family, task)).asked.tolist() for family in ("encoder", "decoder")
    }
    assert places == {"encoder": [0], "decoder": [4]}
    row = Row.of(0, encoded, Reading("encoder", task))
    assert (row.targets.tolist(), row.weights.tolist()) == ([[2.0]], [0.5])


def test_only_a_writer_with_two_texts_reads_a_source() -> None:
    assert Reading("encoder-decoder").reads_source
    assert not Reading("encoder-decoder", Task("number")).reads_source
    assert not Reading("decoder").reads_source
    assert Row.of(0, Encoded(IDS, WEIGHTS, source=IDS), Reading("encoder-decoder")).cost == 3 + 5


def test_rows_side_by_side_are_filled_up_on_the_right_and_it_is_known_where() -> None:
    ids, real = side_by_side([np.array([1, 2, 3]), np.array([4])], 9, CPU)
    assert ids.tolist() == [[1, 2, 3], [4, 9, 9]]
    assert real.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_the_second_of_two_texts_is_marked_where_its_row_lies() -> None:
    reading, like = Reading("encoder"), torch.zeros(1, 9)
    one = Row.of(0, Encoded(IDS, WEIGHTS, targets=array("d", [0] * 5), second=3), reading)
    two = Row.of(1, Encoded(IDS[:4], WEIGHTS[:4], targets=array("d", [0] * 4)), reading)
    places = [np.arange(4, 9), np.arange(4)]
    found = second_parts([one, two], places, like)
    assert found is not None
    assert found.tolist() == [[0, 0, 0, 0, 0, 0, 0, 1, 1]]
    assert second_parts([two], places[1:], like) is None
