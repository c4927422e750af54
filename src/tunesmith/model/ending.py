"""Where an answer ends: at the token that a template closes it with, so that it can be stopped there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """How a template closes an answer.

    `rendered` is what it puts behind the last word, None where that is not known, and `kept` what is learned
    of it: all up to the end token. A template without an end token gets the tokenizer's, `end`.
    """

    rendered: str | None
    kept: str
    end: str
    specials: tuple[str, ...]

    def close(self, answer: str) -> str:
        """Cut off what follows the end token: the model is never asked to say it."""
        if self.rendered is not None and answer.endswith(self.rendered):
            return answer.removesuffix(self.rendered) + self.kept
        said = answer.rstrip()  # calls of tools often end otherwise than words do
        return said if said.endswith(self.specials) else answer + self.end


def find_ending(last: str, inside: str, end: str, specials: Sequence[str]) -> Ending:
    """Learn how answers end from what stands behind one: as the last turn, and with another turn after it.

    What both have in common belongs to the answer, and its last special token ends it. Where they have none
    in common, the last turn ends differently on purpose, and its first special token counts.
    """
    tokens = sorted(specials, key=len, reverse=True)
    ends = [found.end() for found in re.finditer("|".join(map(re.escape, tokens)), last)]
    shared = [place for place in ends if inside.startswith(last[:place])]
    place = max(shared) if shared else min(ends, default=0)
    return Ending(last, last[:place] if ends else end, end, tuple(tokens))
