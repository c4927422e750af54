"""Length: rows whose prompt or answer is shorter or longer than it should be are left out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.audit import Given
from tunesmith.core.contracts import Cleaner
from tunesmith.core.example import Cleaned, Example

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\s\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
"""A run without white space; where words are not spaced, a letter."""


@dataclass(frozen=True, kw_only=True)
class Length(Cleaner):
    """Leave out rows whose prompt or answer is too short or too long, in characters or words.

    The prompt is every turn before the last answer, the system's left out; raw text counts as an answer. What
    is no text is not measured: an answer that calls a tool, or the wanted answer of a prompt.
    """

    unit: Annotated[Literal["characters", "words"], Field(description="What is counted.")] = "characters"
    prompt_at_least: Annotated[int, Field(ge=0, description="Shortest prompt.")] = 1
    prompt_at_most: Annotated[int | None, Field(ge=1, description="Longest prompt; unset: no limit.")] = None
    answer_at_least: Annotated[int, Field(ge=0, description="Shortest answer.")] = 1
    answer_at_most: Annotated[int | None, Field(ge=1, description="Longest answer; unset: no limit.")] = None

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        """Keep or leave out every row; none is changed."""
        for row in rows:
            reason, detail = self._fault(row)
            yield Cleaned(None if reason else row, reason, detail)

    def _fault(self, row: Example) -> tuple[str, str]:
        for name, text, least, most in self._bounds(row):
            size = len(text) if self.unit == "characters" else len(_WORD.findall(text))
            if size < least:
                return f"{name} shorter than {least:,} {self.unit}", f"{size:,}"
            if most is not None and size > most:
                return f"{name} longer than {most:,} {self.unit}", f"{size:,}"
        return "", ""

    def _bounds(self, row: Example) -> Iterator[tuple[str, str, int, int | None]]:
        if row.messages:
            asked = "\n".join(turn.content for turn in row.prompt if turn.role != "system")
            yield "prompt", asked, self.prompt_at_least, self.prompt_at_most
        last = row.messages[-1] if row.messages else None
        if last is None or (last.role == "assistant" and not last.tool_calls):
            yield "answer", row.reference, self.answer_at_least, self.answer_at_most
