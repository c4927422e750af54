"""ROUGE equals the rouge-score package, and also knows words that it drops."""

import pytest
from rouge_score.rouge_scorer import RougeScorer

from tunesmith.evaluation.metric._rouge import f_measure

ANSWER = "The runners were running over the red bridges, quickly."
REFERENCE = "A runner runs over the bridge quickly: red, very red."


@pytest.mark.parametrize("kind", ["rouge1", "rougeL"])
@pytest.mark.parametrize("stemmer", [False, True])
def test_the_default_words_give_what_rouge_score_gives(kind, stemmer):
    expected = RougeScorer([kind], use_stemmer=stemmer).score(REFERENCE, ANSWER)[kind].fmeasure
    assert 0 < expected < 1
    assert f_measure(kind, "ascii", stemmer, ANSWER, REFERENCE) == expected


@pytest.mark.parametrize("kind", ["rouge1", "rougeL"])
@pytest.mark.parametrize("stemmer", [False, True])
def test_unicode_words_change_nothing_for_plain_english(kind, stemmer):
    plain = f_measure(kind, "ascii", stemmer, ANSWER, REFERENCE)
    assert f_measure(kind, "unicode", stemmer, ANSWER, REFERENCE) == plain


@pytest.mark.parametrize(
    ("answer", "reference", "expected"),
    [
        ("красный дом", "красный мост", 0.5),
        ("東京都", "東京", 0.8),  # 2 of 3 characters against 2 of 2
        ("Größe", "größe", 1.0),
        ("שלום עולם", "שלום", 2 / 3),
    ],
)
def test_unicode_words_know_other_scripts(answer, reference, expected):
    assert f_measure("rouge1", "unicode", False, answer, reference) == pytest.approx(expected)


@pytest.mark.parametrize("words", ["ascii", "unicode"])
def test_words_of_three_letters_are_not_stemmed(words):
    assert f_measure("rouge1", words, True, "ads", "ad") == 0
    assert f_measure("rouge1", words, True, "adverts", "advert") == 1


@pytest.mark.parametrize("words", ["ascii", "unicode"])
def test_a_text_without_words_scores_nothing(words):
    assert f_measure("rougeL", words, False, "", REFERENCE) == 0
    assert f_measure("rougeL", words, False, "...", "!!!") == 0
