"""Synonym replacement (Wei and Zou, 2019, https://aclanthology.org/D19-1670/), careful with meanings."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Augmenter
from tunesmith.core.example import Example, Made
from tunesmith.data.augmenter._draw import CheckLabels, Most, Share, asked, asking, drawn
from tunesmith.data.guard import Change, guarded
from tunesmith.data.inflection import Inflection
from tunesmith.data.wordnet import find_wordnet

Alternatives = Callable[[str], Sequence[str]]

_WORD = re.compile(r"(?<![\w@./`'-])[A-Za-z]{3,}(?![\w@/`'-])")
MOST_WORDS = 5_000
"""How many of the data's own words are compared for neighbours."""


@dataclass(frozen=True, kw_only=True)
class Synonyms(Augmenter):
    """Make copies of questions with some words replaced by others that mean the same; answers stay.

    WordNet's words are taken for English words with one main sense. `words: base` takes the words of the data
    that the base holds for most alike, in any language; they are alike in use, not always in meaning.
    """

    share: Share = 0.2
    most: Most = 100_000
    rate: Annotated[float, Field(gt=0, le=1, description="The share of words that are replaced, about.")] = (
        0.2
    )
    words: Annotated[Literal["wordnet", "base"], Field(description="Where the words come from.")] = "wordnet"
    path: Annotated[Path | None, Field(description="WordNet's folder; unset: where it usually is.")] = None
    similarity: Annotated[
        float, Field(gt=0, lt=1, description="How alike the base must find two words to exchange them.")
    ] = 0.9
    check_labels: CheckLabels = True

    def augment(self, rows: Sequence[Example], given: Given, seed: int) -> Iterator[Made]:
        """Give copies of some rows in other words; raises BadRecipe where WordNet is not there."""
        if self.words == "wordnet":
            alternatives: Alternatives = Inflection(find_wordnet(self.path)).alternatives
        else:
            alternatives = _neighbours(rows, given, self.similarity)
        changes = self._changes(rows, alternatives, seed)
        return guarded(changes, rows, given.held_out, check_labels=self.check_labels)

    def _changes(self, rows: Sequence[Example], alternatives: Alternatives, seed: int) -> Iterator[Change]:
        for row, random, made_by in drawn(rows, self.share, self.most, "synonyms", seed):
            texts = [self._reworded(text, alternatives, random) for text in asked(row)]
            yield Change(row, asking(row, texts, made_by))

    def _reworded(self, text: str, alternatives: Alternatives, random: Random) -> str:
        found = [(word, choices) for word in _WORD.finditer(text) if (choices := alternatives(word.group()))]
        if not found:
            return text
        count = max(1, sum(random.random() < self.rate for _ in found))
        for word, choices in sorted(random.sample(found, count), key=lambda one: -one[0].start()):
            text = text[: word.start()] + random.choice(choices) + text[word.end() :]
        return text


def _neighbours(rows: Sequence[Example], given: Given, similarity: float) -> Alternatives:
    """Give the words of the data whose vectors are nearest to a word's."""
    import numpy as np

    counts = Counter(
        word.group().lower() for row in rows for text in asked(row) for word in _WORD.finditer(text)
    )
    words = [word for word, count in counts.most_common(MOST_WORDS) if count > 1]
    vectors = given.embed(words)
    near: dict[str, list[str]] = {}
    for number, word in enumerate(words):
        alike = vectors @ vectors[number]
        alike[number] = -1
        best = np.argsort(-alike)[:3]
        near[word] = [words[other] for other in best.tolist() if alike[other] >= similarity]
    return lambda word: near.get(word, ())
