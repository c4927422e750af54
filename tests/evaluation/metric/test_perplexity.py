"""Perplexity weighs tokens, not rows."""

import math

import numpy as np
import pytest

from tunesmith.core.cards import Completion
from tunesmith.core.errors import BadData
from tunesmith.evaluation.metric.perplexity import Perplexity


def test_it_is_the_exponential_of_the_mean_over_all_tokens(example):
    rows = [Completion("", nats=6.0, predicted=3), Completion("", nats=1.0, predicted=7)]
    sums = np.sum([Perplexity().score(row, example("x")) for row in rows], axis=0)
    assert Perplexity().summarise(sums.tolist()) == math.exp(0.7)


def test_lower_is_better_and_a_likelihood_is_needed():
    assert not Perplexity.higher_is_better
    assert Perplexity.needs == "likelihood"


def test_a_generated_answer_has_no_perplexity(example):
    with pytest.raises(BadData, match=r"rows\.jsonl:7.*no token"):
        Perplexity().score(Completion("generated", tokens=5), example("x", line=7))


def test_what_no_float_can_hold_is_infinite():
    assert Perplexity().summarise([800.0, 1.0]) == math.inf
