"""Exact match counts answers that are the reference, apart from tidying."""

import pytest

from tunesmith.core.cards import Completion
from tunesmith.evaluation.metric.exact_match import ExactMatch


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("Paris", "Paris"),
        ("  paris\n", "Paris."),
        ("New   York!", "new york"),
        ("Cafe\u0301", "caf\u00e9"),
        ("", " . "),
    ],
)
def test_spacing_case_final_punctuation_and_composition_do_not_matter(answer, reference, example):
    assert ExactMatch().score(Completion(answer), example(reference)) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("answer", "reference"), [("Paris, France", "Paris"), ("3.14", "314"), ("", "Paris")]
)
def test_other_differences_do_matter(answer, reference, example):
    assert ExactMatch().score(Completion(answer), example(reference)) == (0.0, 1.0)


def test_case_matters_when_asked_to(example):
    assert ExactMatch(ignore_case=False).score(Completion("paris"), example("Paris")) == (0.0, 1.0)


def test_the_value_is_the_share_of_matches():
    assert ExactMatch().summarise([3.0, 4.0]) == 0.75
