"""Hold rows out for validation and test by what they ask, so that no question is on two sides."""

import json
from typing import Literal

from tunesmith.core.example import Example
from tunesmith.core.hashing import hash_text
from tunesmith.core.recipe import Split

Side = Literal["train", "validation", "test"]


def side(key: str, split: Split) -> Side:
    """Choose a row's side by its key alone: other rows, their order and their number do not matter.

    The key's SHA-256 is a point of [0, 1). Test takes the lower end and validation the upper: changing one
    share moves no row of the other, and raising a share only takes rows from training.
    """
    point = int(hash_text(key)[:13], 16) / 16**13  # 52 bits: exact as a float, never 1
    if point < split.test:
        return "test"
    return "validation" if point >= 1 - split.validation else "train"


def key_of(example: Example) -> str:
    """Give what decides a row's side: its prompt; for raw text, the text. The answer does not count."""
    if not example.messages:
        return example.text
    return json.dumps([[turn.role, turn.content] for turn in example.prompt])
