"""Noise as people and scanners make it: typing errors, odd case, letters read wrongly."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Augmenter
from tunesmith.core.example import Example, Made
from tunesmith.data.augmenter._draw import CheckLabels, Most, Share, asked, asking, drawn
from tunesmith.data.guard import Change, guarded

Kind = Literal["typing", "case", "scanning", "punctuation"]

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_MISREAD = {
    "m": "rn",
    "rn": "m",
    "l": "1",
    "o": "0",
    "e": "c",
    "cl": "d",
    "d": "cl",
    "i": "l",
    "vv": "w",
    "h": "b",
}
_WORD = re.compile(r"[^\W\d_]{3,}")
_PROTECTED = re.compile(r"`[^`]*`|https?://\S+|\S*[@#$\\/_=]\S*|\S*\d\S*|[\[{<][^\]}>]*[\]}>]")
"""Code, addresses, whatever holds a number, placeholders: a change there would change what is meant."""


@dataclass(frozen=True, kw_only=True)
class Noise(Augmenter):
    """Make copies of questions with slips of the keyboard, odd case or misread letters; answers stay."""

    share: Share = 0.2
    most: Most = 100_000
    rate: Annotated[float, Field(gt=0, le=1, description="The share of words that are changed, about.")] = 0.1
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1, description="What sort of noise is made.")] = (
        "typing",
    )
    check_labels: CheckLabels = True

    def augment(self, rows: Sequence[Example], given: Given, seed: int) -> Iterator[Made]:
        """Give noisy copies of some rows, each unlike its source."""
        return guarded(self._changes(rows, seed), rows, given.held_out, check_labels=self.check_labels)

    def _changes(self, rows: Sequence[Example], seed: int) -> Iterator[Change]:
        for row, random, made_by in drawn(rows, self.share, self.most, "noise", seed):
            yield Change(row, asking(row, [self._noisy(text, random) for text in asked(row)], made_by))

    def _noisy(self, text: str, random: Random) -> str:
        safe = [found.span() for found in _PROTECTED.finditer(text)]
        words = [
            found
            for found in _WORD.finditer(text)
            if not any(start < found.end() and found.start() < end for start, end in safe)
        ]
        if not words:
            return text
        count = max(1, sum(random.random() < self.rate for _ in words))
        changed = text
        for found in sorted(random.sample(words, min(count, len(words))), key=lambda one: -one.start()):
            kind = random.choice(self.kinds)
            changed = changed[: found.start()] + _KINDS[kind](found.group(), random) + changed[found.end() :]
        if "punctuation" in self.kinds:
            changed = re.sub(
                r"(?<=\w)[.,;:!?](?=\s|$)", lambda mark: "" if random.random() < 0.5 else mark[0], changed
            )
        return changed


def _mistyped(word: str, random: Random) -> str:
    place = random.randrange(len(word))
    slip = random.choice(("neighbour", "drop", "double", "swap"))
    if slip == "drop":
        return word[:place] + word[place + 1 :]
    if slip == "double":
        return word[:place] + word[place] + word[place:]
    if slip == "swap" and place + 1 < len(word):
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    beside = _beside(word[place])
    return (
        word[:place] + random.choice(beside) + word[place + 1 :]
        if beside
        else word[:place] + word[place + 1 :]
    )


def _beside(letter: str) -> str:
    """Give the letters beside one on an English keyboard; none for other letters."""
    for row in _ROWS:
        place = row.find(letter.lower())
        if place >= 0:
            found = row[max(0, place - 1) : place] + row[place + 1 : place + 2]
            return found.upper() if letter.isupper() else found
    return ""


def _recased(word: str, random: Random) -> str:
    return random.choice((word.upper(), word.lower(), word.capitalize(), word.swapcase()))


def _misread(word: str, random: Random) -> str:
    known = [part for part in _MISREAD if part in word]
    if not known:
        return _mistyped(word, random)
    part = random.choice(known)
    return word.replace(part, _MISREAD[part], 1)


def _as_it_is(word: str, random: Random) -> str:
    return word


_KINDS = {"typing": _mistyped, "case": _recased, "scanning": _misread, "punctuation": _as_it_is}
