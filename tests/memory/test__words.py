import math
import random

import pytest

from tunesmith.memory._words import Words, words

TEXTS = (
    "The kettle boils water, and the kettle sings.",
    "A lantern gives light; a lamp gives light, too.",
    "Water the plants.",
    "",
    "THE KETTLE",
)


def naive(texts: list[str], question: str) -> list[float]:
    """Score by the formula, one text and one word at a time."""
    split = [list(words(text)) for text in texts]
    mean = sum(map(len, split)) / len(split)
    scores = []
    for text in split:
        score = 0.0
        for word in words(question):
            having = sum(word in other for other in split)
            rarity = math.log(1 + (len(split) - having + 0.5) / (having + 0.5))
            often = text.count(word)
            score += rarity * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * len(text) / mean))
        scores.append(score)
    return scores


@pytest.mark.parametrize("question", ["kettle", "Which kettle gives light?", "water water", "unknown", ""])
def test_scores_are_those_of_the_formula(question: str) -> None:
    found = Words.of(TEXTS).scores(question)
    assert found.tolist() == pytest.approx(naive(list(TEXTS), question), rel=1e-12)


def test_scores_of_many_texts_are_those_of_the_formula() -> None:
    draw = random.Random(0)
    texts = [
        " ".join(f"w{int(draw.paretovariate(0.7)) % 60}" for _ in range(draw.randrange(1, 40)))
        for _ in range(200)
    ]
    index = Words.of(texts)
    for question in ("w1 w2 w3", "w17 w59", texts[7]):
        assert index.scores(question).tolist() == pytest.approx(naive(texts, question), rel=1e-12)


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    scores = Words.of(["red stone", "red leaf", "red sky"]).scores("red leaf")
    assert scores.argmax() == 1
    assert scores[0] == scores[2] > 0


def test_words_are_small_runs_of_letters_and_single_characters_of_unspaced_writing() -> None:
    assert list(words("Don't panic: Größe 42!")) == ["don", "t", "panic", "größe", "42"]
    assert list(words("東京tower")) == ["東", "京", "tower"]


def test_no_texts_have_no_scores() -> None:
    assert Words.of([]).scores("anything").tolist() == []
