import numpy as np
import pytest

from natural_rows import natural_rows, with_phrase
from tunesmith.data.check import _phrases
from tunesmith.data.check._phrases import divergence, telling_phrases

ROWS = natural_rows(1000)
PLANTED = range(5, 985, 49)
"""20 rows, as many of each topic."""


def find(rows, least=5, most=40):
    names = sorted({row.labels[0] for row in rows})
    pairs = [(row.messages[0].content, names.index(row.labels[0])) for row in rows]
    return telling_phrases(lambda: pairs, lambda number: pairs[number][0], range(least, most + 1))


def test_a_planted_word_is_found_with_all_its_rows_and_nothing_else_is():
    rows = with_phrase(ROWS, "Xq", PLANTED, "label 2")
    (found,) = find(rows)
    assert found.text == "xq"
    assert found.rows.tolist() == found.alike.tolist() == list(PLANTED)
    of_label = sum(row.labels == ("label 2",) for row in rows)
    assert found.evidence == pytest.approx(20 * np.log(1000 / of_label))
    assert found.related < 0.7


@pytest.mark.parametrize("phrase", ["oh xq yes", "|x|", "≈≈ ≈", "Xq's"])
def test_a_planted_phrase_is_found_as_a_whole(phrase):
    first = find(with_phrase(ROWS, phrase, PLANTED, "label 2"))[0]
    assert first.text == phrase.lower()
    assert len(first.alike) == 20


def test_a_phrase_of_rows_with_several_outcomes_is_found_with_those_that_agree():
    rows = with_phrase(ROWS, "xq", PLANTED, "label 2")
    rows = with_phrase(rows, "xq", [100, 200, 300], "label 1")
    first = find(rows)[0]
    assert (len(first.rows), len(first.alike)) == (23, 20)


def test_a_phrase_counts_once_in_a_row():
    rows = with_phrase(ROWS, " ".join(["xq"] * 20), [10, 20], "label 2")
    assert find(rows) == []


def test_too_few_and_too_many_rows_are_passed_over():
    rows = with_phrase(ROWS, "xq", PLANTED, "label 2")
    assert find(rows, least=20, most=20)[0].text == "xq"
    assert find(rows, least=21) == find(rows, most=19) == []


def test_the_words_of_topics_are_passed_over():
    assert find(ROWS) == []


def test_what_chance_explains_is_passed_over():
    # Among 1,000 rows several thousand phrases are tried: 7 rows that agree are chance, 15 are not.
    assert find(with_phrase(ROWS, "xq", PLANTED[:7], "label 2")) == []
    assert find(with_phrase(ROWS, "xq", PLANTED[:15], "label 2"))[0].text == "xq"


def test_places_are_looked_at_exactly_only_as_far_as_there_is_room(monkeypatch):
    rows = with_phrase(ROWS, "xq", PLANTED, "label 2")
    monkeypatch.setattr(_phrases, "MOST_HITS", 10)
    assert find(rows) == []


def test_nothing_is_found_among_no_rows_or_empty_ones():
    assert find([]) == []
    assert telling_phrases(lambda: [("", 0)] * 60, lambda number: "", range(5, 20)) == []
    assert telling_phrases(lambda: [("one word", 0)] * 60, lambda number: "one word", range(5, 20)) == []


def test_divergence_is_that_of_kullback_and_leibler_and_nothing_below_the_base():
    share, base = np.array([0.9, 1.0, 0.5, 0.2]), np.array([0.5, 0.25, 0.5, 0.5])
    expected = [0.9 * np.log(1.8) + 0.1 * np.log(0.2), np.log(4), 0, 0]
    assert divergence(share, base) == pytest.approx(expected)
