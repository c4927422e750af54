"""The functions that an answer may call, and the calls that it makes.

The forms are OpenAI's (https://platform.openai.com/docs/api-reference/chat/create): `tools` and `tool_calls`,
and their forerunners `functions` and `function_call`.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from tunesmith.core.example import ToolCall
from tunesmith.data.source._refused import Refused, checked_text, kind_of

_CALL = 'Write {"id": ..., "type": "function", "function": {"name": ..., "arguments": "{...}"}}.'
_TOOL = 'Write {"type": "function", "function": {"name": ..., "parameters": {...}}}.'


class Tools(NamedTuple):
    """The functions of one row: a JSON list as text, empty where there are none, and their names."""

    text: str
    names: frozenset[str]


NO_TOOLS = Tools("", frozenset())


def read_tools(value: object, where: str) -> Tools:
    """Read a list of functions, or the JSON text of one; a function without its wrapping is given it."""
    if not value:
        return NO_TOOLS
    listed = _parsed(value) if isinstance(value, str) else value
    if not isinstance(listed, list):
        raise Refused("wrong type", f"{where} is {kind_of(value)}: {value!r}", "Write a list of functions.")
    tools = [_tool(tool, f"{where}, function {number}") for number, tool in enumerate(listed, 1)]
    names = [tool["function"]["name"] for tool in tools]
    if twice := [name for name in names if names.count(name) > 1]:
        raise Refused("wrong tool", f"{where} has {twice[0]!r} twice", "Keep one function of each name.")
    text = json.dumps(tools, ensure_ascii=False)
    return Tools(checked_text(text, "list", where), frozenset(names))


def read_calls(turn: Mapping[str, Any], where: str) -> tuple[ToolCall, ...]:
    """Read the calls of an assistant turn; arguments given as an object are written as its JSON text."""
    calls, legacy = turn.get("tool_calls"), turn.get("function_call")
    if calls and legacy:
        raise Refused("wrong tool call", f"{where} has tool_calls and function_call", "Keep tool_calls.")
    if legacy:
        return (_call(legacy, "", where),)
    if calls and not isinstance(calls, list):
        found = f"{where} has tool_calls that are {kind_of(calls)}: {calls!r}"
        raise Refused("wrong type", found, "Write a list of calls.")
    return tuple(_wrapped(call, f"{where}, call {number}") for number, call in enumerate(calls or (), 1))


def read_call(value: object, where: str) -> ToolCall:
    """Read one call without its wrapping and without an id: its name and its arguments."""
    return _call(value, "", where)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _tool(tool: Any, where: str) -> dict[str, Any]:
    if isinstance(tool, dict) and "name" in tool and "function" not in tool:
        tool = {"type": "function", "function": tool}
    if not isinstance(tool, dict) or not isinstance(tool.get("function"), dict):
        raise Refused("wrong tool", f"{where} is {tool!r}", _TOOL)
    if tool.get("type") != "function":
        raise Refused("wrong tool", f"{where} has type {tool.get('type')!r}", "Only functions can be called.")
    checked_text(tool["function"].get("name"), "name", f"{where}, its name")
    return tool


def _wrapped(call: Any, where: str) -> ToolCall:
    if not isinstance(call, dict) or call.keys() - {"id", "type", "function"}:
        raise Refused("wrong tool call", f"{where} is {call!r}", _CALL)
    if call.get("type", "function") != "function":
        raise Refused(
            "wrong tool call", f"{where} has type {call['type']!r}", "Only functions can be called."
        )
    name = call.get("id")
    return _call(call.get("function"), checked_text(name, "id", f"{where}, its id") if name else "", where)


def _call(function: Any, name: str, where: str) -> ToolCall:
    if not isinstance(function, dict) or function.keys() != {"name", "arguments"}:
        raise Refused("wrong tool call", f"{where} is {function!r}", _CALL)
    called = checked_text(function["name"], "name", f"{where}, its name")
    return ToolCall(called, _arguments(function["arguments"], where), name)


def _arguments(value: object, where: str) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
    text = checked_text(text, "arguments", f"{where}, its arguments")
    if not isinstance(_parsed(text), dict):
        remedy = "Write the arguments as the text of a JSON object; for none write {} in quotes."
        raise Refused("wrong tool call", f"{where} has arguments {text!r}", remedy)
    return text
