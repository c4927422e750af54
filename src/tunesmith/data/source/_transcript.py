"""Read a whole conversation from one text, with "Human:" and "Assistant:" before the turns.

The form is that of Bai et al., 2022 (https://arxiv.org/abs/2204.05862): each turn begins after a blank line.
"""

import re

from tunesmith.core.example import Message, Role
from tunesmith.data.source._refused import Refused, checked_text

OPENING = "\n\nHuman:"

_SPEAKER = re.compile(r"\n\n(Human|Assistant): ?")
_ROLES: dict[str, Role] = {"Human": "user", "Assistant": "assistant"}


def is_transcript(value: object) -> bool:
    """Is this a text that begins as a transcript does?"""
    return isinstance(value, str) and value.startswith(OPENING)


def read_transcript(value: object, where: str) -> tuple[Message, ...]:
    """Read the turns; what is said keeps its spaces, but for the one after the speaker's colon."""
    text = checked_text(value, "transcript", where)
    opening, *pieces = _SPEAKER.split(text)
    if opening:
        raise Refused("not a transcript", f"{where} begins with {text[:20]!r}", f"Begin with {OPENING!r}.")
    speakers, said = pieces[::2], pieces[1::2]
    return tuple(
        _read_turn(_ROLES[speaker], content, f"{where}, turn {number}")
        for number, (speaker, content) in enumerate(zip(speakers, said, strict=True), 1)
    )


def _read_turn(role: Role, content: str, where: str) -> Message:
    return Message(role, checked_text(content, "answer" if role == "assistant" else "message", where))
