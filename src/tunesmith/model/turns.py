"""Turns and tools as chat templates read them: plain dictionaries with the names that templates know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tunesmith.core.errors import BadData
from tunesmith.core.example import Message, ToolCall

Turn = dict[str, Any]


def turns_of(messages: Sequence[Message], arguments_as_text: bool = False) -> list[Turn]:
    """Write messages as templates read them; what a message does not have is left out.

    Most templates want the arguments of a call as a dictionary, a few as JSON text. Raises BadData where they
    are no JSON object.
    """
    return [_turn(place, message, arguments_as_text) for place, message in enumerate(messages, 1)]


@lru_cache(maxsize=256)
def schemas_of(tools: str) -> list[Turn] | None:
    """Read the functions that may be called from their JSON text; None where there are none.

    A bare schema is put into the frame that templates expect. What is given back must not be changed. Raises
    BadData for anything but a list of objects.
    """
    found = _parsed(tools) if tools else []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadData(f"The tools are no JSON list of function schemas: {_short(tools)}. Mend this row.")
    return [one if "function" in one else {"type": "function", "function": one} for one in found] or None


def _turn(place: int, message: Message, arguments_as_text: bool) -> Turn:
    turn: Turn = {"role": message.role, "content": message.content}
    if message.reasoning:  # gpt-oss reads `thinking`, all others the longer name
        turn["reasoning_content"] = turn["thinking"] = message.reasoning
    if message.tool_calls:
        turn["tool_calls"] = [_call(place, call, arguments_as_text) for call in message.tool_calls]
    if message.name:
        turn["name"] = message.name
    if message.call:
        turn["tool_call_id"] = message.call
    return turn


def _call(place: int, call: ToolCall, arguments_as_text: bool) -> Turn:
    arguments = _parsed(call.arguments)
    if not isinstance(arguments, dict):
        raise BadData(
            f"Turn {place} calls {call.name} with arguments that are no JSON object: "
            f"{_short(call.arguments)}. Mend this row."
        )
    function = {"name": call.name, "arguments": call.arguments if arguments_as_text else arguments}
    named = {"id": call.id} if call.id else {}
    return {"type": "function", **named, "function": function}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}...")
