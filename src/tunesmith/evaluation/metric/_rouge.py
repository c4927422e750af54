"""ROUGE as the rouge-score package computes it, with a choice of what counts as a word."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from tunesmith.core.errors import MissingExtra

if TYPE_CHECKING:
    from rouge_score.rouge_scorer import RougeScorer

Words = Literal["ascii", "unicode"]

# Chinese and Japanese are written without spaces: each of their characters counts as a word.
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\W{_IDEOGRAPHS}]+")


def f_measure(kind: str, words: Words, stemmer: bool, answer: str, reference: str) -> float:
    """Give the F-measure of one kind of ROUGE ("rouge1", "rougeL"), 0 to 1; 0 where a text has no words."""
    return _scorer(kind, words, stemmer).score(reference, answer)[kind].fmeasure


@lru_cache
def _scorer(kind: str, words: Words, stemmer: bool) -> "RougeScorer":
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError:
        raise MissingExtra("ROUGE", "metrics") from None
    if words == "ascii":
        return RougeScorer([kind], use_stemmer=stemmer)
    return RougeScorer([kind], tokenizer=_UnicodeWords(stemmer))


class _UnicodeWords:
    """Words of any script, for the `tokenizer` argument of rouge-score."""

    def __init__(self, stemmer: bool) -> None:
        from nltk.stem.porter import PorterStemmer  # comes with rouge-score

        self._stem = PorterStemmer().stem if stemmer else str

    def tokenize(self, text: str) -> list[str]:
        """Give the words in order; short ones are not stemmed, as in the published ROUGE."""
        words = _WORD.findall(text.casefold())
        return [self._stem(word) if len(word) > 3 else word for word in words]
