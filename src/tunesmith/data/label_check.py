"""Would a reader give a changed text the same label? A quick linear model of the training rows says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tunesmith.core.errors import MissingExtra
from tunesmith.core.example import Example
from tunesmith.core.hashing import hash_text

MOST_ROWS = 20_000
FEWEST_ROWS = 20
"""Below this many rows, or with a single label, a model of them knows nothing."""


@dataclass(frozen=True)
class LabelCheck:
    """A classifier of what rows ask."""

    features: Any
    classifier: Any

    @classmethod
    def of(cls, rows: Sequence[Example]) -> LabelCheck | None:
        """Learn the labels of rows; None where there are none, or too few. Raises MissingExtra."""
        total = len(rows)
        labelled = [
            (_asked(row), row.label)
            for row in rows
            if row.label is not None
            and (total <= MOST_ROWS or int(hash_text(row.name)[:8], 16) / 16**8 < MOST_ROWS / total)
        ]
        if len(labelled) < FEWEST_ROWS or len(Counter(label for _, label in labelled)) == 1:
            return None
        try:
            from sklearn.feature_extraction.text import HashingVectorizer
            from sklearn.linear_model import SGDClassifier
        except ImportError:
            raise MissingExtra("checking that a new row keeps its label", "data") from None
        features = HashingVectorizer(n_features=2**16, ngram_range=(1, 2), alternate_sign=False)
        classifier = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=20, tol=1e-3, random_state=0)
        texts, labels = zip(*labelled, strict=True)
        classifier.fit(features.transform(texts), labels)
        return cls(features, classifier)

    def differing(self, pairs: Sequence[tuple[Example, Example]]) -> set[int]:
        """Give the numbers of the pairs whose label was seen before the change and is not seen after it."""
        if not pairs:
            return set()
        before, after = (
            self.classifier.predict(self.features.transform([_asked(pair[side]) for pair in pairs]))
            for side in (0, 1)
        )
        return {
            number
            for number, (source, _) in enumerate(pairs)
            if before[number] == source.label and after[number] != source.label
        }


def _asked(row: Example) -> str:
    return "\n".join(turn.content for turn in row.prompt) or row.text
