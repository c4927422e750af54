"""The texts that a row consists of: to read them one by one, or to rewrite them and nothing else."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tunesmith.core.example import Example, Message, ToolCall

Rewrite = Callable[[str], str]


def texts(row: Example) -> Iterator[tuple[str, str]]:
    """Give every text of a row that is not empty, after what it is: a role, `text`, `label`, `rejected`, ...

    Of JSON texts, every string and number is given by itself, behind its key. Columns that nothing is learned
    from are left out.
    """
    labels = () if row.messages else row.labels  # otherwise the answer says them
    named = [("text", row.text), *(("label", label) for label in labels)]
    for name, turns in (("", row.messages), ("rejected", row.rejected)):
        for turn in turns:
            named += [(name or turn.role, turn.content), ("reasoning", turn.reasoning)]
            for call in turn.tool_calls:
                named += [("tool call", leaf) for leaf in leaves(call.arguments)]
    named += [("wanted", leaf) for leaf in leaves(row.wanted)]
    named += [("tools", leaf) for leaf in leaves(row.tools)]
    return ((name, text) for name, text in named if text)


def rewrite(row: Example, change: Rewrite, change_json: Rewrite | None = None) -> Example:
    """Give the row with its texts changed, or the row itself if none did.

    JSON texts (arguments of calls, what is wanted, tools) are changed by `change_json`, or stay. The columns
    that nothing is learned from stay.
    """
    changed = replace(
        row,
        messages=tuple(_turn(turn, change, change_json) for turn in row.messages),
        text=change(row.text) if row.text else "",
        labels=tuple(change(label) for label in row.labels),
        rejected=tuple(_turn(turn, change, change_json) for turn in row.rejected),
        wanted=change_json(row.wanted) if change_json and row.wanted else row.wanted,
        tools=change_json(row.tools) if change_json and row.tools else row.tools,
    )
    return row if changed == row else changed


def leaves(text: str) -> Iterator[str]:
    """Give the strings and numbers of a JSON text, each behind its key; what is not JSON is one text."""
    if not text:
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        yield text
        return
    yield from _leaves(value, "")


def rewrite_json(text: str, change: Callable[[str, str], str]) -> str:
    """Have every string, number and key of a JSON text changed, given the key that it stands behind.

    A number that is changed becomes a string. What is not JSON is changed as one text, without a key.
    """
    if not text:
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return change("", text)
    after = rewrite_value(value, change)
    return text if after == value else json.dumps(after, ensure_ascii=False)


def rewrite_value(value: Any, change: Callable[[str, str], str], key: str = "") -> Any:
    """Do the same to a value made of plain JSON types."""
    if isinstance(value, str):
        return change(key, value)
    if isinstance(value, dict):
        return {change("", name): rewrite_value(part, change, name) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [rewrite_value(part, change, key) for part in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        after = change(key, str(value))
        return value if after == str(value) else after
    return value


def _leaves(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part, key)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield f"{key}: {value}" if key else str(value)


def _turn(turn: Message, change: Rewrite, change_json: Rewrite | None) -> Message:
    content = change(turn.content) if turn.content else ""
    reasoning = change(turn.reasoning) if turn.reasoning else ""
    calls = tuple(_call(call, change_json) for call in turn.tool_calls)
    if (content, reasoning, calls) == (turn.content, turn.reasoning, turn.tool_calls):
        return turn
    return replace(turn, content=content, reasoning=reasoning, tool_calls=calls)


def _call(call: ToolCall, change_json: Rewrite | None) -> ToolCall:
    return replace(call, arguments=change_json(call.arguments)) if change_json else call
