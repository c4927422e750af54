"""What a row says, as it is compared with what other rows say."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from hashlib import blake2b

from tunesmith.core.example import Example, Message

DIGEST_BYTES = 16
"""Two of 10**12 different texts have the same digest with a chance of 10**-15."""


def fold(text: str) -> str:
    """Give the text without what nobody reads: one spelling of each letter, small, and single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def digest(text: str) -> bytes:
    """Give the few bytes by which equal texts are known."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


def whole(row: Example) -> bytes:
    """Know a row by all that is learned from it, to the letter: turns and weights, labels, ratings, tools."""
    said = (row.messages, row.text, row.labels, row.rejected, row.value, row.wanted, row.tools)
    return digest(repr(said))


def prompt(row: Example) -> bytes:
    """Know a row by what it asks, system turn included, folded; for raw text, by the text."""
    if not row.messages:
        return digest(fold(row.text))
    return digest(repr([(turn.role, [fold(part) for part in _parts(turn)]) for turn in row.prompt]))


def question(row: Example) -> str:
    """Give what a row asks, as one text; nothing for raw text.

    System turns are left out: many rows share them, and evaluation sets have none.
    """
    return _joined(row.prompt)


def wording(row: Example) -> str:
    """Give all that a row says, as one text: its turns but for the system's, what was rejected and wanted."""
    return "\n".join(
        part for part in (row.text, _joined(row.messages), _joined(row.rejected), row.wanted) if part
    )


def _joined(turns: Sequence[Message]) -> str:
    return "\n".join(part for turn in turns if turn.role != "system" for part in _parts(turn) if part)


def _parts(turn: Message) -> tuple[str, ...]:
    calls = (text for call in turn.tool_calls for text in (call.name, call.arguments))
    return (turn.reasoning, turn.content, *calls)
