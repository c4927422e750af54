"""Which texts are about what a question asks, by the words that they share (BM25).

A word counts the more, the fewer texts have it and the more often it stands in a short text (Robertson and
Zaragoza, 2009, https://doi.org/10.1561/1500000019); rarity as in Lucene, where it is never negative.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

SATURATION = 1.2
"""How soon it no longer matters how often a word is said: k1."""

BREVITY = 0.75
"""How much a long text must say a word more often: b."""

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
"""A run of letters and digits; where writing has no spaces, a single character."""


@dataclass(frozen=True)
class Words:
    """Of every word the texts that have it: those of word w are `texts[starts[w]:starts[w + 1]]`.

    `shares` says what each adds to the score of its text, times the word's rarity.
    """

    count: int
    numbers: dict[str, int]
    starts: NDArray[Any]
    texts: NDArray[Any]
    shares: NDArray[Any]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Words:
        """Read all texts; what is in memory is some 12 bytes for every different word of a text."""
        import numpy as np

        numbers: dict[str, int] = {}
        word, text, often, lengths = array("i"), array("i"), array("i"), array("i")
        for number, each in enumerate(texts):
            counted = Counter(words(each))
            lengths.append(counted.total())
            for known, times in counted.items():
                word.append(numbers.setdefault(known, len(numbers)))
                text.append(number)
                often.append(times)
        order = np.argsort(np.asarray(word), kind="stable")
        starts = np.searchsorted(np.asarray(word)[order], np.arange(len(numbers) + 1))
        where, times = np.asarray(text)[order], np.asarray(often)[order]
        length = np.asarray(lengths, np.float64)
        longer = 1 - BREVITY + BREVITY * length / max(length.mean() if len(length) else 0.0, 1e-12)
        shares = times * (SATURATION + 1) / (times + SATURATION * longer[where])
        return cls(len(lengths), numbers, starts, where, shares)

    def scores(self, question: str) -> NDArray[Any]:
        """Score every text, 0 where it shares no word with the question; float64 [texts]."""
        import numpy as np

        scores = np.zeros(self.count)
        for word in words(question):
            if (number := self.numbers.get(word)) is not None:
                having = slice(*self.starts[number : number + 2])
                texts = self.texts[having]
                rarity = np.log(1 + (self.count - len(texts) + 0.5) / (len(texts) + 0.5))
                scores[texts] += rarity * self.shares[having]
        return scores


def words(text: str) -> Iterator[str]:
    """Give the words of a text in order, in small letters."""
    return (found[0] for found in WORD.finditer(text.lower()))
