"""Labelled rows whose words are as unevenly frequent as those of people; some belong to a topic."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from planted_rows import words
from tunesmith.core.example import Example, Message, Place

WEIGHTS = list(accumulate(1 / rank for rank in range(1, 2001)))
"""Zipf's law: a word's frequency is the inverse of its rank."""


def natural_text(
    chance: random.Random, topic: Sequence[str] = (), share: float = 0.25, length: int = 14
) -> str:
    """Make a text of about so many words; a share of them comes from the topic."""
    size = chance.randint(length // 2, length + length // 2)
    chosen = chance.choices(words()[:2000], cum_weights=WEIGHTS, k=size)
    return " ".join(chance.choice(topic) if topic and chance.random() < share else word for word in chosen)


def topics(count: int) -> list[list[str]]:
    """Give each of so many topics 40 words of its own, which stand in other texts, too."""
    return [words()[start : start + 40] for start in range(100, 100 + 40 * count, 40)]


def labelled(text: str, *labels: str, line: int = 1) -> Example:
    """Make a row of a text and its labels."""
    turns = (Message("user", text), Message("assistant", ", ".join(labels)))
    return Example(Place("rows.csv", line), turns, labels=labels)


def natural_rows(count: int, labels: int = 4, seed: int = 0, share: float = 0.25) -> list[Example]:
    """Make rows whose label is their topic; line n has the label `label n modulo labels`."""
    chance, every = random.Random(seed), topics(labels)
    return [
        labelled(natural_text(chance, every[line % labels], share), f"label {line % labels}", line=line)
        for line in range(1, count + 1)
    ]


def told(row: Example, text: str) -> Example:
    """Give a row another question."""
    return replace(row, messages=(Message("user", text), *row.messages[1:]))


def answered(row: Example, answer: str) -> Example:
    """Give a row another answer, which is its label if it has one."""
    labels = (answer,) if row.labels else ()
    return replace(row, messages=(*row.messages[:-1], Message("assistant", answer)), labels=labels)


def with_phrase(rows: Sequence[Example], phrase: str, numbers: Sequence[int], answer: str) -> list[Example]:
    """Put a phrase into some rows, each at another place, and have them all answered in one way."""
    changed = list(rows)
    for number in numbers:
        row = rows[number]
        said = row.messages[0].content.split()
        place = number % (len(said) + 1)
        changed[number] = answered(told(row, " ".join([*said[:place], phrase, *said[place:]])), answer)
    return changed
