"""Where the words of a text begin among its tokens."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from tunesmith.core.errors import BadData


def first_pieces(words: Sequence[str], spans: Sequence[tuple[int, int]]) -> "array[float]":
    """Mark the first token of every word with 1, all others with 0.

    `spans` says of each token which characters of the words, joined by a space each, it stands for; an empty
    span is a token that was added. Raises BadData for a word without a token of its own.
    """
    text = " ".join(words)
    ends = list(accumulate(len(word) + 1 for word in words))  # behind the space that follows
    marks = array("f", [0.0]) * len(spans)
    seen: set[int] = set()
    for place, (start, end) in enumerate(spans):
        piece = text[start:end].lstrip(" ")
        number = bisect_right(ends, end - len(piece))
        if piece and number not in seen:
            seen.add(number)
            marks[place] = 1.0
    for number, word in enumerate(words):
        if number not in seen:
            raise BadData(
                f"The tokenizer of this base gives word {number + 1}, {word!r}, no token of its own. "
                "Remove the word with its tag, or choose another base."
            )
    return marks
