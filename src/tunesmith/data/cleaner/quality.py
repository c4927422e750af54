"""Quality: a few rules about repetition and signs, after Gopher (Rae et al., 2021,
https://arxiv.org/abs/2112.11446).

The thresholds are those of the paper's table A1, made for web pages. Rules that need many words to mean
anything pass over shorter texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.example import Cleaned, Example

Most = float | None

STOP_WORDS = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))

_LETTER = re.compile(r"[^\W\d_]")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Scripts that put no space between words: Thai, Burmese, Khmer, Japanese, Chinese."""

_BULLETS = ("-", "*", "\u2022", "\u2023", "\u25cf", "\u25aa", "\u00b7")
_ELLIPSES = ("...", "\u2026")


@dataclass(frozen=True, kw_only=True)
class Quality(Cleaner):
    """Leave out texts that repeat themselves or hold too many signs, by rules with stated thresholds."""

    part: Annotated[
        Literal["answer", "row"], Field(description="What is judged; raw text is always the row.")
    ] = "answer"
    judged_from: Annotated[int, Field(ge=1, description="Texts with fewer words are kept unjudged.")] = 50
    word_length_at_least: Annotated[
        float | None, Field(gt=0, description="Shortest mean word, in characters; null: no rule.")
    ] = 3.0
    word_length_at_most: Annotated[
        float | None, Field(gt=0, description="Longest mean word, in characters; null: no rule.")
    ] = 10.0
    symbols: Annotated[Most, Field(ge=0, description="Most hash signs, or ellipses, per word.")] = 0.1
    letters: Annotated[
        Most, Field(ge=0, le=1, description="Least share of words with a letter; the paper has 0.8.")
    ] = None
    bullets: Annotated[
        Most, Field(ge=0, le=1, description="Most lines that begin with a bullet; the paper has 0.9.")
    ] = None
    ellipses: Annotated[Most, Field(ge=0, le=1, description="Most lines that end with an ellipsis.")] = 0.3
    repeated_lines: Annotated[Most, Field(ge=0, le=1, description="Most lines that repeat another.")] = 0.3
    top_pair: Annotated[
        Most, Field(ge=0, le=1, description="Most characters in the commonest phrase of two words.")
    ] = 0.2
    top_four: Annotated[
        Most, Field(ge=0, le=1, description="Most characters in the commonest phrase of four words.")
    ] = 0.16
    repeated_phrases: Annotated[
        Most, Field(ge=0, le=1, description="Most characters in phrases of ten words that occur twice.")
    ] = 0.1
    stop_words: Annotated[
        int, Field(ge=0, description="Least number of English function words; the paper has 2.")
    ] = 0

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Keep or leave out every row; the reason is the rule that it breaks first."""
        for row in rows:
            text = row.reference if self.part == "answer" and row.messages else row.whole
            reason, detail = self._fault(_Text(text)) if len(text) > self.judged_from else ("", "")
            yield Cleaned(None if reason else row, reason, detail)

    def _fault(self, text: _Text) -> tuple[str, str]:
        if len(text.words) < self.judged_from or _UNSPACED.search(text.text):
            return "", ""
        for name, value, least, most in self._rules(text):
            if least is not None and value < least:
                return f"quality: {name} below {least:g}", f"{value:.2f}"
            if most is not None and value > most:
                return f"quality: {name} above {most:g}", f"{value:.2f}"
        return "", ""

    def _rules(self, text: _Text) -> Iterator[tuple[str, float, Most, Most]]:
        yield "mean word length", text.word_length, self.word_length_at_least, self.word_length_at_most
        yield "hash signs per word", text.per_word("#"), None, self.symbols
        yield "ellipses per word", text.per_word(*_ELLIPSES), None, self.symbols
        yield "share of words with a letter", text.lettered, self.letters, None
        yield "share of lines with a bullet", text.lines_with(_BULLETS, ()), None, self.bullets
        yield "share of lines with an ellipsis", text.lines_with((), _ELLIPSES), None, self.ellipses
        yield "share of repeated lines", text.repeated_lines, None, self.repeated_lines
        yield "share of the commonest two words", text.top(2), None, self.top_pair
        yield "share of the commonest four words", text.top(4), None, self.top_four
        yield "share of repeated ten words", text.repeated(10), None, self.repeated_phrases
        yield "English function words", len(STOP_WORDS & set(text.words)), self.stop_words, None


@dataclass(frozen=True)
class _Text:
    """A text, and what is counted in it; shares are of the characters in words, or of the lines."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        return self.text.split()

    @cached_property
    def lines(self) -> list[str]:
        return [stripped for line in self.text.splitlines() if (stripped := line.strip())]

    @property
    def characters(self) -> int:
        return sum(map(len, self.words))

    @property
    def word_length(self) -> float:
        return self.characters / len(self.words)

    @property
    def lettered(self) -> float:
        return sum(_LETTER.search(word) is not None for word in self.words) / len(self.words)

    @property
    def repeated_lines(self) -> float:
        return 1 - len(set(self.lines)) / len(self.lines)

    def per_word(self, *signs: str) -> float:
        return sum(map(self.text.count, signs)) / len(self.words)

    def lines_with(self, beginnings: tuple[str, ...], endings: tuple[str, ...]) -> float:
        found = (line.startswith(beginnings) or line.endswith(endings) for line in self.lines)
        return sum(found) / len(self.lines)

    def top(self, length: int) -> float:
        """Give the share of characters in the commonest phrase of so many words, if it occurs twice."""
        for phrase, times in Counter(self._phrases(length)).most_common(1):
            return times * sum(map(len, phrase)) / self.characters if times > 1 else 0.0
        return 0.0

    def repeated(self, length: int) -> float:
        """Give the share of characters in phrases of so many words that occur more than once."""
        times = Counter(self._phrases(length))
        covered = bytearray(len(self.words))
        for start, phrase in enumerate(self._phrases(length)):
            if times[phrase] > 1:
                covered[start : start + length] = b"\1" * length
        return (
            sum(len(word) for word, is_in in zip(self.words, covered, strict=True) if is_in) / self.characters
        )

    def _phrases(self, length: int) -> list[tuple[str, ...]]:
        if length == 2:
            return list(pairwise(self.words))
        return list(zip(*(self.words[start:] for start in range(length)), strict=False))
