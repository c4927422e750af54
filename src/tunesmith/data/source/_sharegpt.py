"""Read turns as ShareGPT writes them: {"from": "human", "value": ...}.

A `function_call` is the assistant's: the JSON text of a name and arguments, or of a list of such. An
`observation` is what the function gave; where several were called, one observation follows for each.
"""

import json
from typing import Any, cast

from tunesmith.core.example import Message, Role, ToolCall
from tunesmith.data.source._refused import Refused, checked_text, kind_of
from tunesmith.data.source._tools import read_call
from tunesmith.data.source._turns import read_weight

CALL = "function_call"

_ROLES: dict[str, Role] = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    CALL: "assistant",
    "system": "system",
    "observation": "tool",
    "tool": "tool",
}
_KEYS = frozenset(("from", "value", "weight"))


def read_sharegpt(value: object, where: str) -> tuple[Message, ...]:
    """Read a list of turns named from and value."""
    if not isinstance(value, list):
        raise Refused("wrong type", f"{where} is {kind_of(value)}: {value!r}", "Write a list of turns.")
    try:
        return tuple([_read_turn(turn, where) for turn in value])
    except Refused:  # to name each turn takes time, so only a list that is refused has its turns named
        return tuple(_read_turn(turn, f"{where}, turn {n}") for n, turn in enumerate(value, 1))


def _read_turn(turn: Any, where: str) -> Message:
    if not isinstance(turn, dict) or not {"from", "value"} <= turn.keys():
        raise Refused("wrong type", f"{where} is {turn!r}", 'Write {"from": "human", "value": ...}.')
    for key in turn.keys() - _KEYS:
        if turn[key] not in (None, "", [], {}):
            remedy = "Remove it if the answer can be learned without it."
            raise Refused("unknown key", f"{where} has {key!r}: {turn[key]!r}", remedy)
    said = turn["from"]
    role = _ROLES.get(said) if isinstance(said, str) else None
    if role is None:
        remedy = "Use system, human, gpt, function_call or observation."
        raise Refused("unknown role", f"{where} is from {said!r}", remedy)
    if role != "assistant" and turn.get("weight") is not None:
        remedy = "Only answers are trained; remove the weight of the others."
        raise Refused("wrong weight", f"{where} ({said}) has weight {turn['weight']!r}", remedy)
    return _message(turn, role, where)


def _message(turn: dict[str, Any], role: Role, where: str) -> Message:
    weight = read_weight(turn.get("weight"), where, 1.0)
    if turn["from"] == CALL:
        return Message(role, "", weight, tool_calls=_calls(turn["value"], where))
    if role == "tool" and turn["value"] == "":
        return Message(role, "")
    what = "answer" if role == "assistant" else "message"
    return Message(role, checked_text(turn["value"], what, where), weight)


def _calls(value: object, where: str) -> tuple[ToolCall, ...]:
    text = checked_text(value, "call", where)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    calls = cast(list[Any], found) if isinstance(found, list) else [found]
    if not calls:
        raise Refused("wrong tool call", f"{where} calls nothing: {text}", "Write the call, or an answer.")
    return tuple(read_call(call, where) for call in calls)
