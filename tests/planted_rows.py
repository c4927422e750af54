"""Rows of made-up words, changed copies of them, and how similar two texts are by the definition alone."""

import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import cast

from tunesmith.core.audit import Material
from tunesmith.core.cards import Chat
from tunesmith.core.example import Example, Kind, Message, Place

SYLLABLES = [first + second for first in "bcdfghklmnprstvw" for second in "aeiou"]


@cache
def words() -> list[str]:
    """Make up words of one to four syllables."""
    chance = random.Random(0)
    return ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(5000)]


def texts(count: int, seed: int = 0, length: int = 25) -> list[str]:
    """Give texts of so many words; no two of them are nearly the same."""
    chance = random.Random(seed)
    return [" ".join(chance.choices(words(), k=length)) for _ in range(count)]


def similarity(one: str, other: str) -> float:
    """Give the share of pieces of five characters that two texts have in common."""
    left, right = pieces(one), pieces(other)
    return len(left & right) / len(left | right)


def pieces(text: str) -> set[str]:
    """Cut a text into its pieces of five characters; a shorter one is a piece."""
    plain = " ".join(text.casefold().split())
    return {plain[start : start + 5] for start in range(max(1, len(plain) - 4))}


def mistyped(text: str, errors: int, seed: int = 0) -> str:
    """Replace so many letters, spread over the text, by one that it does not have."""
    letters, chance = list(text), random.Random(seed)
    for part in range(errors):
        first, end = part * len(letters) // errors, (part + 1) * len(letters) // errors
        letters[chance.randrange(first, end)] = "q"
    return "".join(letters)


def row(prompt: str, answer: str, line: int = 1, file: str = "rows.jsonl") -> Example:
    """Make a row of a question and an answer."""
    return Example(Place(file, line), (Message("user", prompt), Message("assistant", answer)))


def raw(*contents: str, file: str = "rows.jsonl") -> list[Example]:
    """Make rows of raw text."""
    return [Example(Place(file, line), text=text) for line, text in enumerate(contents, 1)]


def material(
    train: Sequence[Example],
    *,
    kind: Kind = "conversations",
    validation: Sequence[Example] = (),
    test: Sequence[Example] = (),
    against: Mapping[str, Sequence[Example]] | None = None,
) -> Material:
    """Put rows before a check that looks at no tokens."""
    splits = {"train": train, "validation": validation, "test": test}
    return Material(kind, splits, {}, cast(Chat, None), 100, against or {})
