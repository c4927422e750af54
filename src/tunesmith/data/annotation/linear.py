"""A linear model of labels, cheap enough to learn anew after every few annotations.

Word and letter runs, weighted by how rare they are, into a logistic regression: Joachims, 1998,
https://doi.org/10.1007/BFb0026683 (linear models of text).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from tunesmith.core.errors import MissingExtra

if TYPE_CHECKING:
    from numpy.typing import NDArray

LETTERS = 2000
"""Characters of a text that are looked at."""


@dataclass(frozen=True)
class Linear:
    """A model that was learned: it knows the labels that it has seen."""

    labels: tuple[str, ...]
    _vectorizer: Any
    _classifier: Any

    def probabilities(self, texts: Sequence[str]) -> NDArray[Any]:
        """Give how likely each label is; the shape is [texts, labels]."""
        return self._classifier.predict_proba(self._vectorizer.transform(_cut(texts)))


def learn(texts: Sequence[str], labels: Sequence[Sequence[str]], *, multiple: bool = False) -> Linear | None:
    """Learn from texts and the labels that people gave; None while there is only one label to see.

    The same texts and labels give the same model. Raises MissingExtra without scikit-learn.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.pipeline import make_union
        from sklearn.preprocessing import MultiLabelBinarizer
    except ImportError:
        raise MissingExtra("Suggesting labels", "data") from None

    seen = sorted({label for some in labels for label in some})
    if len(seen) < 2:
        return None
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\w+|[^\w\s]")
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=2**16)
    vectorizer = make_union(words, letters)
    table = vectorizer.fit_transform(_cut(texts))
    classifier: Any = LogisticRegression(C=10.0, max_iter=300, class_weight="balanced", random_state=0)
    with catch_warnings():
        simplefilter("ignore")  # a label that every row has, or a fit stopped early, will do for a suggestion
        if multiple:
            wanted = MultiLabelBinarizer(classes=seen).fit_transform(labels)
            classifier = OneVsRestClassifier(classifier).fit(table, wanted)
        else:
            classifier = classifier.fit(table, [some[0] for some in labels])
    return Linear(tuple(seen), vectorizer, classifier)


def _cut(texts: Sequence[str]) -> list[str]:
    return [text[:LETTERS] for text in texts]
