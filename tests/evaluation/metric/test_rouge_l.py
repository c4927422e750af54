"""ROUGE-L rewards words in common order."""

import pytest
from rouge_score.rouge_scorer import RougeScorer

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.errors import BadOption
from tunesmith.core.registry import Registry
from tunesmith.evaluation.metric.rouge_l import RougeL


@pytest.mark.parametrize("stemmer", [False, True])
def test_it_is_rouge_scores_f_measure_of_the_longest_common_subsequence(stemmer, example):
    answer, reference = "two cats sat on mats", "the cat sat on a mat"
    expected = RougeScorer(["rougeL"], use_stemmer=stemmer).score(reference, answer)["rougeL"].fmeasure
    assert RougeL(stemmer=stemmer).score(Completion(answer), example(reference)) == (expected, 1.0)


def test_order_matters(example):
    assert RougeL().score(Completion("mat the on"), example("on the mat"))[0] == pytest.approx(1 / 3)


def test_the_value_is_the_mean():
    assert RougeL().summarise([1.5, 3.0]) == 0.5


def test_options_are_checked_by_the_registry():
    metrics = Registry("evaluation.metric", Metric)
    assert metrics.build("rouge_l", {"words": "unicode"}) == RougeL(words="unicode")
    with pytest.raises(BadOption, match=r"metric\.rouge_l\.words"):
        metrics.build("rouge_l", {"words": "klingon"})
