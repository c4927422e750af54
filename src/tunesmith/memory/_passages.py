"""Cut a text into passages: whole sentences as far as they fit; only space between them is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tunesmith.memory._words import WORD

SENTENCE = re.compile(r".+?(?:[.!?](?=\s)|[\u3002\uff01\uff1f]|\n(?=\s*\n)|\Z)", re.DOTALL)
"""Up to a full stop with space behind it, or to an empty line."""


def cut(text: str, most: int) -> list[str]:
    """Give passages of at most so many words; one sentence that is longer is cut between words."""
    passages: list[str] = []
    start, end, count = 0, 0, 0
    for first, last, size in _pieces(text, most):
        if count and count + size > most:
            passages.append(text[start:end].strip())
            start, count = first, 0
        end, count = last, count + size
    passages.append(text[start:end].strip())
    return [passage for passage in passages if passage]


def _pieces(text: str, most: int) -> Iterator[tuple[int, int, int]]:
    """Give where each sentence, or part of one, begins and ends, and how many words it has."""
    for sentence in SENTENCE.finditer(text):
        words = [found.start() for found in WORD.finditer(text, *sentence.span())]
        borders = [sentence.start(), *words[most::most], sentence.end()]
        for number, (first, last) in enumerate(pairwise(borders)):
            yield first, last, min(most, len(words) - number * most)
