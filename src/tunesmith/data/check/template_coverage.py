"""Template coverage: what rows have is rendered, or the model would never see it."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from tunesmith.core.audit import Finding, Material
from tunesmith.core.cards import Chat
from tunesmith.core.contracts import Check
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message, Role
from tunesmith.data.source._refused import excerpt

_MARK = " tarentesinor"
"""What no row says; it is put behind things to see whether they are rendered."""


@dataclass(frozen=True, kw_only=True)
class TemplateCoverage(Check):
    """Find what rows have but the chat template does not render, such as tools or thoughts."""

    tried: Annotated[
        int, Field(ge=1, description="How many rows that have something are rendered with it changed.")
    ] = 3

    def look(self, material: Material) -> list[Finding]:
        """Stop where changing what the first rows have changes none of their tokens."""
        counts, lost = Counter[str](), dict[str, list[Example]]()
        for rows in material.rows.values():
            for row in rows:
                for name in _present(row):
                    counts[name] += 1
                    if counts[name] <= self.tried and not _THINGS[name].is_rendered(row, material.chat):
                        lost.setdefault(name, []).append(row)
        return [_finding(name, rows, counts[name], self.tried) for name, rows in lost.items()]


@dataclass(frozen=True)
class _Thing:
    """Something that rows may have: how to change it, and what to do where it is not rendered."""

    change: Callable[[Example], Example]
    remedy: str
    is_history: bool = False

    def is_rendered(self, row: Example, chat: Chat) -> bool:
        """Does changing it change a token? Of what is history, only the last prompt can tell."""
        try:
            return _ids(row, chat, self.is_history) != _ids(self.change(row), chat, self.is_history)
        except BadData:  # whoever refuses it has looked at it
            return True


def _present(row: Example) -> Iterator[str]:
    """Name the things that a row has."""
    roles = [turn.role for turn in row.messages]
    if "system" in roles:
        yield "system turns"
    if roles.count("user") > 1:
        yield "earlier turns"
    if "tool" in roles:
        yield "what tools answered"
    if row.tools and row.messages:
        yield "tools"
    if any(turn.tool_calls for turn in row.messages):
        yield "calls of tools"
        yield "the arguments of calls"
    if any(turn.reasoning and turn.weight for turn in row.messages):
        yield "thoughts"
    if any(turn.name and turn.role != "tool" for turn in row.messages):
        yield "names of speakers"


def _ids(row: Example, chat: Chat, is_history: bool) -> list[array[int]]:
    prompt = chat.encode_prompt(row.prompt, row.tools)
    if is_history:
        return [prompt]
    return [prompt, *(sequence.ids for sequence in chat.encode_conversation(row.messages, row.tools))]


def _finding(name: str, rows: list[Example], count: int, tried: int) -> Finding:
    number = min(tried, count)
    part = "" if len(rows) == number else f" in {len(rows):,} of the {number:,} rows that were tried"
    have = "1 row has" if count == 1 else f"{count:,} rows have"
    return Finding(
        "template_coverage",
        "stop",
        f"The chat template does not render {name}{part}: {have} them, and the model would not see them.",
        count,
        tuple(f"{row.name}: {excerpt(row.whole)}" for row in rows),
        _THINGS[name].remedy,
    )


def _turns(change: Callable[[Message], Message]) -> Callable[[Example], Example]:
    return lambda row: replace(row, messages=tuple(map(change, row.messages)))


def _content(role: Role) -> Callable[[Example], Example]:
    return _turns(lambda turn: replace(turn, content=turn.content + _MARK) if turn.role == role else turn)


def _first_question(row: Example) -> Example:
    place = next(number for number, turn in enumerate(row.messages) if turn.role == "user")
    turn = row.messages[place]
    changed = replace(turn, content=turn.content + _MARK)
    return replace(row, messages=(*row.messages[:place], changed, *row.messages[place + 1 :]))


def _name(turn: Message) -> Message:
    return turn if turn.role == "tool" or not turn.name else replace(turn, name=turn.name + _MARK)


def _thought(turn: Message) -> Message:
    return replace(turn, reasoning=turn.reasoning + _MARK) if turn.reasoning else turn


def _called(turn: Message) -> Message:
    calls = (replace(call, name=call.name + _MARK.strip()) for call in turn.tool_calls)
    return replace(turn, tool_calls=tuple(calls))


def _given(turn: Message) -> Message:
    calls = (
        replace(call, arguments=json.dumps({**json.loads(call.arguments), _MARK.strip(): 1}))
        for call in turn.tool_calls
    )
    return replace(turn, tool_calls=tuple(calls))


def _tools(row: Example) -> Example:
    return replace(row, tools=json.dumps([_renamed(tool) for tool in json.loads(row.tools)]))


def _renamed(tool: dict[str, Any]) -> dict[str, Any]:
    if "function" in tool:
        return {**tool, "function": _renamed(tool["function"])}
    return {**tool, "name": f"{tool.get('name', '')}{_MARK.strip()}"}


_TAKES_TOOLS = "Choose a base whose chat template takes tools."
_THINGS = {
    "system turns": _Thing(
        _content("system"),
        "Put that text at the beginning of the first user turn, or choose a base whose template takes it.",
    ),
    "earlier turns": _Thing(
        _first_question, "Write rows of one question each, or choose another base.", is_history=True
    ),
    "what tools answered": _Thing(_content("tool"), _TAKES_TOOLS),
    "tools": _Thing(_tools, _TAKES_TOOLS),
    "calls of tools": _Thing(_turns(_called), _TAKES_TOOLS),
    "the arguments of calls": _Thing(_turns(_given), _TAKES_TOOLS),
    "thoughts": _Thing(
        _turns(_thought), "Write them into the answers, or choose a base whose template takes them."
    ),
    "names of speakers": _Thing(_turns(_name), "Write them into the text of the turns."),
}
