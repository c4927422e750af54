"""Token F1 as SQuAD counts it."""

import pytest

from tunesmith.core.cards import Completion
from tunesmith.evaluation.metric.token_f1 import TokenF1


@pytest.mark.parametrize(
    ("answer", "reference", "expected"),
    [
        ("The Eiffel Tower", "eiffel tower!", 1.0),
        ("in Paris, France", "Paris", 0.5),  # precision 1/3, recall 1
        ("red red blue", "red green", 0.4),  # one word in common: 2 * 1 / (3 + 2)
        ("blue", "red", 0.0),
        ("the", "a", 1.0),  # nothing is left of either
        ("", "red", 0.0),
        ("red", "", 0.0),
        ("«Paris»", "“paris”", 1.0),
    ],
)
def test_words_in_common_after_dropping_case_punctuation_and_articles(answer, reference, expected, example):
    assert TokenF1().score(Completion(answer), example(reference)) == (pytest.approx(expected), 1.0)


def test_articles_count_when_asked_to(example):
    assert TokenF1(ignore_articles=False).score(Completion("the cat"), example("cat"))[0] == pytest.approx(
        2 / 3
    )


def test_the_value_is_the_mean():
    assert TokenF1().summarise([1.5, 3.0]) == 0.5
