"""A linear model learns from a few labels what is plain to see, and the same every time."""

import sys

import pytest

from tunesmith.core.errors import MissingExtra
from tunesmith.data.annotation.linear import learn

TEXTS = [
    "I love it",
    "love this mug",
    "lovely, I love it",
    "it broke",
    "broke at once",
    "the mug broke again",
]
LABELS = [["praise"], ["praise"], ["praise"], ["complaint"], ["complaint"], ["complaint"]]


def test_it_learns_what_is_plain_to_see():
    model = learn(TEXTS, LABELS)
    assert model is not None
    assert model.labels == ("complaint", "praise")
    shares = model.probabilities(["we love the kettle", "my kettle broke"])
    assert shares.shape == (2, 2)
    assert shares.argmax(axis=1).tolist() == [1, 0]
    assert shares.sum(axis=1).tolist() == pytest.approx([1, 1])


def test_a_row_may_have_several_labels():
    labels = [[*one, "mug"] if "mug" in text else one for text, one in zip(TEXTS, LABELS, strict=True)]
    model = learn(TEXTS, labels, multiple=True)
    assert model is not None
    assert model.labels == ("complaint", "mug", "praise")
    (shares,) = model.probabilities(["the mug broke"]).tolist()
    assert shares[0] > 0.5
    assert shares[1] > 0.5
    assert shares[2] < 0.5


def test_the_same_labels_give_the_same_model():
    one, other = learn(TEXTS, LABELS), learn(TEXTS, LABELS)
    assert one is not None
    assert other is not None
    assert (one.probabilities(TEXTS) == other.probabilities(TEXTS)).all()


def test_one_label_is_nothing_to_learn_from():
    assert learn(TEXTS[:3], LABELS[:3]) is None
    assert learn([], []) is None


def test_texts_of_signs_alone_are_no_trouble():
    model = learn(["!!!", "???", "😀 😀", "???!"], [["a"], ["b"], ["a"], ["b"]])
    assert model is not None
    assert model.probabilities(["?"]).shape == (1, 2)


def test_a_label_that_every_row_has_is_no_trouble():
    model = learn(TEXTS, [[*one, "all"] for one in LABELS], multiple=True)
    assert model is not None
    assert model.probabilities(["mug"])[0].tolist()[0] == 1.0


def test_without_scikit_learn_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    with pytest.raises(MissingExtra, match=r"Suggesting labels.*tunesmith\[data\]"):
        learn(TEXTS, LABELS)
