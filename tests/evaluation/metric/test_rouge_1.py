"""ROUGE-1 rewards words in any order."""

import pytest
from rouge_score.rouge_scorer import RougeScorer

from tunesmith.core.cards import Completion
from tunesmith.evaluation.metric.rouge_1 import Rouge1


@pytest.mark.parametrize("stemmer", [False, True])
def test_it_is_rouge_scores_f_measure_of_single_words(stemmer, example):
    answer, reference = "two cats sat on mats", "the cat sat on a mat"
    expected = RougeScorer(["rouge1"], use_stemmer=stemmer).score(reference, answer)["rouge1"].fmeasure
    assert Rouge1(stemmer=stemmer).score(Completion(answer), example(reference)) == (expected, 1.0)


def test_order_does_not_matter(example):
    assert Rouge1().score(Completion("mat the on"), example("on the mat")) == (1.0, 1.0)


def test_the_value_is_the_mean():
    assert Rouge1().summarise([1.5, 3.0]) == 0.5
