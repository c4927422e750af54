"""Which rows something new is made from, how often, and with which randomness: a row's own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Annotated

from pydantic import Field

from tunesmith.core.example import Example
from tunesmith.core.hashing import hash_text

Share = Annotated[float, Field(gt=0, le=10, description="New rows for each training row.")]
Most = Annotated[int, Field(ge=1, description="The most new rows that are made.")]
CheckLabels = Annotated[
    bool, Field(description="Whether a model of the training rows must still see a new row's label in it.")
]


def drawn(
    rows: Sequence[Example], share: float, most: int, maker: str, seed: int
) -> Iterator[tuple[Example, Random, str]]:
    """Give rows to make new ones from, at most so many, each with its randomness and the new row's `made_by`.

    The same rows are drawn wherever they stand, and a smaller share is part of a larger one. Rows that were
    made are not drawn.
    """
    whole, given = int(share), 0
    for row in rows:
        if row.made_by:
            continue
        own = f"{maker}/{seed}/{row.whole}"
        more = int(hash_text(own)[:13], 16) / 16**13 < share - whole
        for number in range(1, whole + more + 1):
            if given == most:
                return
            given += 1
            yield row, Random(f"{own}/{number}"), f"{maker} {number}"


def asked(row: Example) -> list[str]:
    """Give the texts that may change: what users said in the prompt; of raw text, the text."""
    if not row.messages:
        return [row.text]
    return [turn.content for turn in row.prompt if turn.role == "user"]


def asking(row: Example, texts: Sequence[str], made_by: str) -> Example:
    """Give the row with other such texts, in the same order; answers and labels stay."""
    if not row.messages:
        return replace(row, text=texts[0], made_by=made_by)
    new = iter(texts)
    prompt = [replace(turn, content=next(new)) if turn.role == "user" else turn for turn in row.prompt]
    return replace(row, messages=(*prompt, *row.messages[len(prompt) :]), made_by=made_by)
