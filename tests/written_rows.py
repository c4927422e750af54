"""Conversations at random, the rows in which other programs would write them, and what is read of rows."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from tunesmith.core.example import Example, Message, Place, ToolCall
from tunesmith.data.source._columns import Columns, recognise
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._rows import example

Row = dict[str, Any]
PLACE = Place("rows.jsonl", 1, 0)
TOOLS = [{"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in "fgh"]

letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(letters, min_size=1, max_size=12).filter(lambda text: not text.isspace())
objects = st.dictionaries(
    st.text(letters, max_size=3), st.integers() | st.text(letters, max_size=3), max_size=2
)


def read(row: Mapping[str, Any], first: Mapping[str, Any] | None = None, **options: Any) -> Example:
    """Read a row of a file whose first row is `first`, or this one."""
    return example(recognise(row if first is None else first, Columns(**options)), row, PLACE)


def refusal(row: Mapping[str, Any], first: Mapping[str, Any] | None = None, **options: Any) -> str:
    """Give the message with which a row is refused."""
    try:
        found = read(row, first, **options)
    except Refused as refused:
        return str(refused.at(PLACE)).removeprefix(f"{PLACE}: ")
    raise AssertionError(f"it was read: {found}")


def user(content: Any = "u", **more: Any) -> Row:
    """Write a user's turn as OpenAI does."""
    return {"role": "user", "content": content, **more}


def assistant(content: Any = "a", **more: Any) -> Row:
    """Write an assistant's turn as OpenAI does."""
    return {"role": "assistant", "content": content, **more}


def call(name: str = "f", arguments: Any = "{}", id: str = "1") -> Row:
    """Write a call as OpenAI does."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def tool(content: Any = "r", id: str = "1", **more: Any) -> Row:
    """Write what a tool gave as OpenAI does."""
    return {"role": "tool", "tool_call_id": id, "content": content, **more}


@st.composite
def conversations(
    draw: st.DrawFn,
    tools: bool = False,
    ids: bool = True,
    reasoning: bool = False,
    weight: float | None = None,
) -> tuple[Message, ...]:
    """Draw turns that end with an answer: with calls, with thoughts, with weights, as asked.

    `weight` is that of earlier answers; unset, they have any.
    """
    turns = [Message("system", draw(texts))] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        turns.append(Message("user", draw(texts)))
        if tools and draw(st.booleans()):
            turns += _called(draw, draw(st.integers(1, 2)), ids)
        thought = draw(texts) if reasoning and draw(st.booleans()) else ""
        worth = float(draw(st.integers(0, 1))) if weight is None else weight
        turns.append(Message("assistant", draw(texts), worth, thought))
    last = turns.pop()
    return (*turns, Message("assistant", last.content, 1.0, last.reasoning))


def _called(draw: st.DrawFn, number: int, ids: bool) -> list[Message]:
    calls = [
        ToolCall(draw(st.sampled_from("fgh")), json.dumps(draw(objects)), f"id{position}" if ids else "")
        for position in range(number if ids else 1)
    ]
    content = draw(texts) if ids and draw(st.booleans()) else ""
    answers = [
        Message("tool", draw(texts | st.just("")), name="" if ids else c.name, call=c.id) for c in calls
    ]
    return [Message("assistant", content, tool_calls=tuple(calls)), *draw(st.permutations(answers))]


def openai(turns: Sequence[Message]) -> list[Row]:
    """Write turns as OpenAI's chat rows have them."""
    return [_openai(turn) for turn in turns]


def _openai(turn: Message) -> Row:
    row: Row = {"role": turn.role, "content": turn.content}
    if turn.tool_calls:
        row["content"] = turn.content or None
        row["tool_calls"] = [call(one.name, one.arguments, one.id) for one in turn.tool_calls]
    more = {"reasoning_content": turn.reasoning, "tool_call_id": turn.call, "name": turn.name}
    row |= {key: value for key, value in more.items() if value}
    return row if turn.role != "assistant" else row | {"weight": int(turn.weight)}


def legacy(turns: Sequence[Message]) -> list[Row]:
    """Write turns as OpenAI's rows had them when one function could be called at a time."""
    rows = openai(turns)
    for row in rows:
        for made in row.pop("tool_calls", []):
            row["function_call"] = made["function"]
        row["role"] = "function" if row["role"] == "tool" else row["role"]
    return rows


def sharegpt(turns: Sequence[Message]) -> list[Row]:
    """Write turns as ShareGPT's rows have them."""
    names = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}
    rows = []
    for turn in turns:
        row: Row = {"from": names[turn.role], "value": turn.content}
        if turn.tool_calls:
            calls = [{"name": one.name, "arguments": one.arguments} for one in turn.tool_calls]
            row = {"from": "function_call", "value": json.dumps(calls[0] if len(calls) == 1 else calls)}
        rows.append(row | ({"weight": int(turn.weight)} if turn.role == "assistant" else {}))
    return rows


def transcript(turns: Sequence[Message]) -> str:
    """Write turns as one text."""
    names = {"user": "Human", "assistant": "Assistant"}
    return "".join(f"\n\n{names[turn.role]}: {turn.content}" for turn in turns)
