"""The most informative rows come first, near copies apart, the same way for the same seed."""

import math
from itertools import pairwise

import numpy as np
import pytest

from tunesmith.data.annotation.queue import HEAD, Candidate, order, surprise, uncertainty, uncertainty_of_each


def candidates(*texts, **values):
    return [Candidate(str(number), text, **values) for number, text in enumerate(texts)]


def test_doubtful_rows_come_first_then_those_of_which_a_model_is_least_sure():
    rows = [
        Candidate("a", "the kettle boils", 0.1),
        Candidate("b", "a lantern for the night", 0.9),
        Candidate("c", "my order has not come", 0.5),
        Candidate("d", "twelve green bottles", 0.0, is_doubtful=True),
    ]
    assert order(rows, 7) == [3, 1, 2, 0]


def test_equals_come_by_chance_and_the_seed_decides():
    rows = candidates(*(f"{number * 7919} {number * 104729}" for number in range(50)))
    assert order(rows, 7) == order(rows, 7)
    assert order(rows, 7) != order(rows, 8)
    assert sorted(order(rows, 7)) == list(range(50))
    assert order(rows, 7) != list(range(50))


def test_chance_does_not_depend_on_the_other_rows():
    rows = candidates(*(f"{number * 7919} {number * 104729}" for number in range(50)))
    alone = [place for place in order(rows, 7) if place < 20]
    assert order(rows[:20], 7) == alone


def test_no_near_copy_follows_another_while_there_is_anything_else():
    copies = [f"Where is my order number {number}, please? I have waited for it." for number in range(12)]
    others = [
        f"{word} {word[::-1]} {word * 2}" for word in ("kettle", "lantern", "mug", "apron", "door", "stove")
    ]
    found = order(candidates(*copies, *others), 7)
    assert sorted(found) == list(range(18))
    are_copies = [place < 12 for place in found]
    until = max(
        place for place, is_copy in enumerate(are_copies) if not is_copy
    )  # from there on there is nothing else
    assert not any(one and following for one, following in pairwise(are_copies[: until + 1]))
    assert 1 <= sum(are_copies[:until]) <= 2  # five others stand between two of them


def test_texts_that_differ_in_spacing_and_case_only_are_near_copies():
    rows = [
        Candidate("a", "Where  is my ORDER?", 0.9),
        Candidate("b", "where is my order?", 0.8),
        Candidate("c", "The lantern gives light.", 0.1),
    ]
    assert order(rows, 7) == [0, 2, 1]


def test_only_the_front_is_parted_however_many_rows_there_are():
    rows = [Candidate(str(number), "the same text", 1 - number / 10_000) for number in range(HEAD + 100)]
    assert order(rows, 7) == list(range(HEAD + 100))


def test_texts_without_letters_are_no_trouble():
    assert sorted(order(candidates("", "?", "!", "  "), 7)) == [0, 1, 2, 3]


def test_entropy_is_0_where_a_model_is_sure_and_1_where_it_is_not_at_all():
    shares = np.array([[1.0, 0, 0, 0], [0.25, 0.25, 0.25, 0.25], [0.5, 0.5, 0, 0]])
    assert uncertainty(shares, "entropy").tolist() == pytest.approx([0, 1, 0.5])


def test_the_margin_looks_at_the_likeliest_two_alone():
    shares = np.array([[1.0, 0, 0], [0.5, 0.5, 0], [0.4, 0.3, 0.3], [0.6, 0.1, 0.3]])
    assert uncertainty(shares, "margin").tolist() == pytest.approx([0, 1, 0.9, 0.7])


def test_a_model_that_knows_one_label_is_sure_of_nothing_to_learn():
    assert uncertainty(np.ones((3, 1))).tolist() == [0, 0, 0]


def test_where_rows_have_several_labels_each_counts():
    shares = np.array([[0.5, 0.5], [1.0, 0.0], [0.5, 1.0]])
    assert uncertainty_of_each(shares).tolist() == pytest.approx([1, 0, 0.5])


def test_answers_that_a_model_did_not_expect_are_surprising():
    found = surprise([0.0, math.log(2), 5.0, -1.0])
    assert found == pytest.approx([0, 0.5, 1 - math.exp(-5), 0])
