import sys

import numpy as np
import pytest

from natural_rows import natural_rows
from tunesmith.core.errors import MissingExtra
from tunesmith.data.confident import (
    DIMENSIONS,
    confident_joint,
    described,
    doubts,
    folds,
    out_of_sample,
)

LABELS = np.array([0, 0, 0, 1, 1, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.45, 0.55]])
"""Thresholds are 0.6 and 0.6833: row 2 is confidently of the other class, row 5 confidently of none."""


def naive_joint(probabilities, labels):
    """Follow equations 1 to 3 of the paper, one row after the other."""
    classes = range(probabilities.shape[1])
    thresholds = [
        np.mean([row[k] for row, own in zip(probabilities, labels, strict=True) if own == k]) for k in classes
    ]
    counts = np.zeros((len(classes), len(classes)))
    for row, own in zip(probabilities, labels, strict=True):
        over = [k for k in classes if row[k] >= thresholds[k]]
        if over:
            counts[own, max(over, key=lambda k: row[k])] += 1
    for k in classes:
        counts[k] *= sum(labels == k) / counts[k].sum()
    return counts


def test_the_joint_of_a_small_example_is_what_one_counts_by_hand():
    # Class 0: two confident rows of three, one confident of class 1. Class 1: two rows, stretched to three.
    assert confident_joint(PROBABILITIES, LABELS).tolist() == [[2, 1], [0, 3]]


def test_the_joint_is_that_of_the_paper():
    chance = np.random.default_rng(0)
    labels = np.concatenate([np.arange(5), chance.integers(0, 5, 300)])
    probabilities = chance.dirichlet(np.ones(5), len(labels))
    assert np.allclose(confident_joint(probabilities, labels), naive_joint(probabilities, labels))


def test_a_class_that_no_row_has_is_nobody_s_true_class():
    probabilities = np.hstack([PROBABILITIES * 0.4, np.full((6, 1), 0.6)])
    assert confident_joint(probabilities, LABELS)[:, 2].tolist() == [0, 0, 0]


def test_the_doubtful_come_first_and_only_those_with_a_likelier_class():
    found = doubts(PROBABILITIES, LABELS)
    assert (found.estimated, found.order.tolist(), found.likelier.tolist()) == (1, [2], [1])
    worse = doubts(PROBABILITIES[:, ::-1], LABELS)
    assert worse.order.tolist() == [0, 1, 3, 4, 5]
    assert worse.likelier.tolist() == [1, 1, 0, 0, 0]


def test_labels_that_are_all_sure_leave_no_doubt():
    found = doubts(np.eye(2)[LABELS], LABELS)
    assert (found.estimated, len(found.order)) == (0, 0)


def test_classes_are_spread_evenly_over_parts_and_equal_rows_stay_together():
    chance = np.random.default_rng(1)
    labels = chance.integers(0, 7, 500)
    groups = np.arange(500)
    groups[400:] = chance.integers(0, 400, 100)  # the last hundred equal earlier ones
    part = folds(labels, groups, 5)
    assert (part == part[groups]).all()
    for label in range(7):
        sizes = np.bincount(part[:400][labels[:400] == label], minlength=5)
        assert sizes.max() - sizes.min() <= 1
    assert np.bincount(part[:400], minlength=5).tolist() == pytest.approx([80] * 5, abs=4)


def test_no_row_is_judged_by_a_model_that_saw_it():
    # Rows that have nothing in common can only be known by heart.
    vectors, labels = np.eye(60, dtype=np.float32), np.arange(60) % 2
    likely = out_of_sample(vectors, labels, np.arange(60) % 5)
    assert np.abs(likely - 0.5).max() < 0.01


def test_rows_like_others_of_their_class_are_known():
    labels = np.arange(60) % 3
    vectors = np.eye(3, dtype=np.float32)[labels]
    likely = out_of_sample(vectors, labels, np.arange(60) // 3 % 5)
    assert (likely.argmax(axis=1) == labels).all()
    assert np.allclose(likely.sum(axis=1), 1)


def test_texts_are_described_in_fewer_dimensions_than_there_are_of_them():
    rows = natural_rows(120, share=0.6)
    vectors = described([row.messages[0].content for row in rows])
    assert vectors.shape == (120, 119)
    assert vectors.shape[1] < DIMENSIONS
    same, other = vectors[0] @ vectors[4::4].T, vectors[0] @ vectors[1::4].T
    assert same.mean() > 1.5 * other.mean()  # rows of one topic are near to each other


def test_texts_that_share_nothing_are_described_as_equal():
    assert described(["aaaa", "bbbb", "cccc"]).tolist() == [[0], [0], [0]]


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtra, match=r"looking for wrong labels .* pip install 'tunesmith\[data\]'"):
        described(["a", "b"])
