"""Reasoning: what an assistant thought before its answer is taken out, or such rows are left out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.example import Cleaned, Example, Message

_THOUGHT = re.compile(r"\s*<(think|thinking|reasoning)>.*?(?:</\1>|\Z)\s*", re.DOTALL | re.IGNORECASE)
_END = "</think>"
"""Where a template writes the opening tag into the prompt, the answer holds only this one."""


@dataclass(frozen=True, kw_only=True)
class Reasoning(Cleaner):
    """Take the reasoning out of answers, or leave out rows that have any."""

    action: Annotated[
        Literal["strip", "drop"], Field(description="Take reasoning out, or leave out the rows that hold it.")
    ] = "strip"
    tags: Annotated[
        bool, Field(description="Count what stands in <think> tags at the beginning of an answer, too.")
    ] = True

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Decide on every row; one that holds nothing but reasoning is left out."""
        for row in rows:
            yield self._decide(row)

    def _decide(self, row: Example) -> Cleaned:
        messages, rejected = self._plain(row.messages), self._plain(row.rejected)
        if (messages, rejected) == (row.messages, row.rejected):
            return Cleaned(row)
        if self.action == "drop":
            return Cleaned(None, "holds reasoning")
        if any(_says_nothing(turn) for turn in (*messages, *rejected)):
            return Cleaned(None, "nothing but reasoning")
        return Cleaned(replace(row, messages=messages, rejected=rejected), "reasoning taken out")

    def _plain(self, turns: tuple[Message, ...]) -> tuple[Message, ...]:
        return tuple(self._without(turn) if turn.role == "assistant" else turn for turn in turns)

    def _without(self, turn: Message) -> Message:
        start = _after_thought(turn.content) if self.tags else 0
        if not turn.reasoning and not start:
            return turn
        return replace(turn, reasoning="", content=turn.content[start:])


def _after_thought(content: str) -> int:
    """Say where the answer begins."""
    if thought := _THOUGHT.match(content):
        return thought.end()
    before, end, after = content.partition(_END)
    if not end or "<think>" in before:
        return 0
    return len(content) - len(after.lstrip())


def _says_nothing(turn: Message) -> bool:
    return turn.role == "assistant" and not turn.content.strip() and not turn.tool_calls
