import pytest

from tunesmith.core.cards import Completion
from tunesmith.core.tagged import Tagged
from tunesmith.evaluation.metric.word_accuracy import WordAccuracy


def answer(tags: str, words: str = "abcd") -> str:
    return Tagged(tuple(words[: len(tags)]), tuple(tags)).text()


@pytest.mark.parametrize(
    ("said", "right"),
    [
        (answer("OBIO"), 4),
        (answer("OBOO"), 3),
        (answer("OB"), 2),  # cut off: the others have no tag
        (answer("OBIO", "abxd"), 0),  # other words
        ("O B I O", 0),
    ],
)
def test_every_word_of_the_reference_counts(said, right, example):
    assert WordAccuracy().score(Completion(said), example(answer("OBIO"))) == (right, 4.0)


def test_the_value_is_the_share_over_all_rows():
    assert WordAccuracy().summarise([3.0, 4.0]) == 0.75
    assert WordAccuracy().summarise([0.0, 0.0]) == 0.0


def test_a_reference_of_another_kind_has_no_words(example):
    assert WordAccuracy().score(Completion(answer("OBIO")), example("red")) == (0.0, 0.0)
