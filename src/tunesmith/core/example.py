"""The example card: one row of data, and what it consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal

Kind = Literal["conversations", "labels", "pairs", "ratings", "prompts", "tags", "text"]
"""What a source gives and an objective takes."""

Role = Literal["system", "user", "assistant", "tool"]
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row came from: `line` counts from 1, `byte` is the offset of the line's first byte.

    In a file without lines, `line` is the row or page, and there is no byte.
    """

    file: str
    line: int
    byte: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return where if self.byte is None else f"{where} (byte {self.byte})"

    @property
    def short(self) -> str:
        """Name the row by its file, without the folder, and its line."""
        return f"{PurePath(self.file).name}:{self.line}"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that an answer calls; `arguments` is a JSON object as text."""

    name: str
    arguments: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `weight` 0 keeps an assistant turn out of training.

    `reasoning` is what an assistant thought before its content. `name` says who speaks; in a tool's turn it
    is the tool, and `call` the id of the call that it answers.
    """

    role: Role
    content: str
    weight: float = 1.0
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    name: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One usable row: turns that end with the wanted answer, a prompt alone, or raw text.

    `rejected` are the turns that were liked less than those after the prompt. `wanted` is what a prompt's
    answer is held against, and `tools` the functions that may be called: both are JSON texts. `value` is how
    the answer was rated, or the number to predict. `fields` are the columns that nothing is learned from.
    `times` says how often an epoch shows the row; `made_by` what made it from the row at the same place.
    """

    place: Place
    messages: tuple[Message, ...] = ()
    text: str = ""
    labels: tuple[str, ...] = ()
    rejected: tuple[Message, ...] = ()
    value: float | None = None
    wanted: str = ""
    tools: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    source: str = ""
    times: float = 1.0
    made_by: str = ""

    @property
    def name(self) -> str:
        """A name by which a person finds the row; no other row has it, on the same line or not."""
        return f"{self.place}, {self.made_by}" if self.made_by else str(self.place)

    @property
    def label(self) -> str | None:
        """The label of a row that has exactly one."""
        return self.labels[0] if len(self.labels) == 1 else None

    @property
    def prompt(self) -> tuple[Message, ...]:
        """The turns before the last answer."""
        ends_with_answer = self.messages and self.messages[-1].role == "assistant"
        return self.messages[:-1] if ends_with_answer else self.messages

    @property
    def reference(self) -> str:
        """The wanted answer; for raw text, the text."""
        if not self.messages:
            return self.text
        last = self.messages[-1]
        return last.content if last.role == "assistant" else self.wanted

    @property
    def whole(self) -> str:
        """All that the row says, a turn after the other, without who said it."""
        if not self.messages:
            return self.text
        return "\n".join(turn.content for turn in self.messages)


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that cannot be used: where it is, what is wrong, what was found, and how to mend it.

    `source` is the name of where it is from, as in an example; empty where there is only one source.
    """

    place: Place
    reason: str
    found: str
    remedy: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}: {self.found}. {self.remedy}"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of one row: `row` is None where it was dropped; without a reason it is as it was.

    Rows are counted by `reason`, so there are few of them; `detail` is about this row alone.
    """

    row: Example | None
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A new row, and why it is not used, if it is not."""

    row: Example
    rejected: str = ""
