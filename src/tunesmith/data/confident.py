"""Confident learning: which labels are wrong.

The method is that of Northcutt, Jiang and Chuang (2021, https://arxiv.org/abs/1911.00068). A model that did
not see a row says how likely each class is. A class counts as confident from the probability on that it has
on average in rows labelled with it. Rows that are confident of another class than their label are what the
joint of given and true labels is counted from.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunesmith.core.errors import MissingExtra
from tunesmith.data.features import phrases, pieces, tfidf

DIMENSIONS = 500
"""What features are reduced to: fewer are quicker, and miss more."""

ROWS_OF_RARE = 5000
"""A word must stand in one of so many texts, and in two at least: rarer ones cost memory and say little."""

STRENGTH = 10.0
"""How freely the model may follow its rows: the inverse of its penalty."""

ROUNDS = 40
"""Steps in which the model is fitted; its order of rows hardly changes beyond."""

Numbers = NDArray[np.int64]
Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Doubts:
    """How many labels are estimated to be wrong, and rows in the order in which to doubt their labels.

    Only rows to which another class is likelier than their label are in `order`; `likelier` is that class.
    """

    estimated: int
    order: Numbers
    likelier: Numbers


def doubts(probabilities: Shares, labels: Numbers) -> Doubts:
    """Doubt labels by what a model that did not see them says: probabilities are [rows, classes]."""
    rows = np.arange(len(labels))
    given = probabilities[rows, labels]
    others = probabilities.copy()
    others[rows, labels] = -1
    likelier = others.argmax(axis=1)
    margin = given - others[rows, likelier]
    order = np.argsort(margin, kind="stable")
    order = order[margin[order] < 0]
    joint = confident_joint(probabilities, labels)
    estimated = round(float(joint.sum() - np.trace(joint)))
    return Doubts(min(estimated, len(order)), order, likelier[order])


def confident_joint(probabilities: Shares, labels: Numbers) -> Shares:
    """Estimate how many rows have each label (first axis) and each true class (second)."""
    classes = probabilities.shape[1]
    counts = np.bincount(labels, minlength=classes)
    given = probabilities[np.arange(len(labels)), labels]
    thresholds = np.bincount(labels, given, classes) / np.maximum(counts, 1)  # eq. 2
    thresholds[counts == 0] = np.inf  # no row says what confidence in this class is
    is_confident = probabilities >= thresholds
    likeliest = np.where(is_confident, probabilities, -1).argmax(axis=1)
    some = is_confident.any(axis=1)
    joint = np.zeros((classes, classes))
    np.add.at(joint, (labels[some], likeliest[some]), 1)  # eq. 1
    empty = joint.sum(axis=1) == 0
    joint[empty, empty] = 1  # a label without confident rows is taken as it is
    return joint / joint.sum(axis=1, keepdims=True) * counts[:, None]  # eq. 3


def folds(labels: Numbers, groups: Numbers, parts: int) -> Numbers:
    """Say of each row in which part it is judged: each class is spread evenly, and a group stays together.

    `groups` says of each row which is the first that it equals; that one's label counts for all of them.
    """
    first = np.flatnonzero(groups == np.arange(len(groups)))
    order = first[np.argsort(labels[first], kind="stable")]
    of_class = np.bincount(labels[first])
    rank = np.arange(len(order)) - np.repeat(np.cumsum(of_class) - of_class, of_class)
    part = np.zeros(len(labels), np.int64)
    part[order] = (rank + labels[order]) % parts  # small classes do not all begin with the same part
    return part[groups]


def described(texts: Sequence[str]) -> NDArray[np.float32]:
    """Describe texts by the few dimensions in which their words and pieces of words differ most.

    Features are reduced by singular values (Halko, Martinsson and Tropp, 2011,
    https://doi.org/10.1137/090771806). Raises MissingExtra.
    """
    reduction = _sklearn().decomposition.TruncatedSVD
    from scipy.sparse import hstack

    least = max(2, len(texts) // ROWS_OF_RARE)
    words = tfidf(texts, [phrases(1), phrases(2)], least)
    letters = tfidf(texts, [pieces(3), pieces(4)], least)
    features = hstack([words, letters]).tocsr()
    dimensions = min(DIMENSIONS, len(texts) - 1, int(features.indices.max(initial=0)))  # fewer than columns
    if dimensions < 1:  # no two texts have anything in common
        return np.zeros((len(texts), 1), np.float32)
    with _one_thread():
        vectors = reduction(dimensions, n_iter=2, random_state=0).fit_transform(features)
    return vectors.astype(np.float32)


def out_of_sample(features: NDArray[np.float32], labels: Numbers, part: Numbers) -> Shares:
    """Give the probability of each class for each row by a linear model of the rows of all other parts.

    Every class must have rows in at least two parts.
    """
    sklearn = _sklearn()
    found = np.zeros((len(labels), int(labels.max()) + 1))
    for number in np.unique(part):
        held_out = part == number
        model = sklearn.linear_model.LogisticRegression(C=STRENGTH, max_iter=ROUNDS, tol=1e-3)
        with warnings.catch_warnings(), _one_thread():  # it need not be fitted to the last digit
            warnings.simplefilter("ignore", sklearn.exceptions.ConvergenceWarning)
            model.fit(features[~held_out], labels[~held_out])
        found[np.ix_(held_out, model.classes_)] = model.predict_proba(features[held_out])
    return found


def _one_thread() -> Any:
    """Keep products in one thread: several wait for each other longer than such small ones take."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _sklearn() -> Any:
    try:
        import sklearn
        import sklearn.decomposition
        import sklearn.exceptions
        import sklearn.linear_model
    except ImportError:
        raise MissingExtra("looking for wrong labels", "data") from None
    return sklearn
