"""Read the turns of a conversation as OpenAI writes them, with the keys that other programs have added.

The form is that of https://platform.openai.com/docs/api-reference/chat/create. A `developer` turn is read as
a system turn. What an assistant thought is read from `reasoning_content`, `reasoning` or `thinking`; what
stands in <think> tags inside the content stays there, because nothing tells it from an answer about tags.
A key that is null or empty holds nothing.
"""

from collections.abc import Mapping
from typing import Any

from tunesmith.core.example import Message, Role
from tunesmith.data.source._refused import Refused, checked_text, kind_of
from tunesmith.data.source._tools import read_calls

_ROLES: Mapping[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "function": "tool",
}
_REASONING = ("reasoning_content", "reasoning", "thinking")
_KEYS_OF_ALL = frozenset(("role", "content", "name"))
_KEYS: Mapping[Role, frozenset[str]] = {
    "system": _KEYS_OF_ALL,
    "user": _KEYS_OF_ALL,
    "assistant": _KEYS_OF_ALL | {"weight", "tool_calls", "function_call", *_REASONING},
    "tool": _KEYS_OF_ALL | {"tool_call_id"},
}
_REMEDIES = {
    "weight": "Only assistant turns are trained; remove the weight of the others.",
    "refusal": "Write the refusal as the content if it is to be learned.",
    "audio": "Only text can be learned from. Remove the key, or the row.",
}
_PLAIN_KEYS = 2


def read_turns(value: object, where: str, weight: float = 1.0, first: int = 1) -> tuple[Message, ...]:
    """Read a list of messages; `weight` is that of assistant turns which name none.

    `first` is the number of the first turn in messages about it.
    """
    if not isinstance(value, list):
        raise Refused("wrong type", f"{where} is {kind_of(value)}: {value!r}", "Write a list of messages.")
    try:
        return tuple([_read_turn(turn, where, weight) for turn in value])
    except Refused:  # to name each turn takes time, so only a list that is refused has its turns named
        return tuple(_read_turn(turn, f"{where}, turn {n}", weight) for n, turn in enumerate(value, first))


def has_developer(value: object) -> bool:
    """Does a list of turns, or an object that holds one, have a developer's turn?"""
    turns = value.get("messages") if isinstance(value, dict) else value
    return isinstance(turns, list) and any(
        isinstance(t, dict) and t.get("role") == "developer" for t in turns
    )


def read_weight(weight: object, where: str, default: float) -> float:
    """Read the weight of an assistant turn: 1 is learned, 0 is only read."""
    if weight is None:
        return default
    if isinstance(weight, bool) or weight not in (0, 1):
        raise Refused("wrong weight", f"{where} has weight {weight!r}", "Use 1 to train a turn, 0 not to.")
    return float(weight)


def _read_turn(turn: Any, where: str, weight: float) -> Message:
    if not isinstance(turn, dict):
        remedy = 'Write {"role": ..., "content": ...}.'
        raise Refused("wrong type", f"{where} is {kind_of(turn)}: {turn!r}", remedy)
    said = turn.get("role")
    role = _ROLES.get(said) if isinstance(said, str) else None
    if role is None:
        raise _no_role(turn, where)
    if len(turn) > _PLAIN_KEYS or "content" not in turn:
        return _read_full(turn, role, where, weight)
    what = "answer" if role == "assistant" else "message"
    content = _content(turn["content"], role, what, where)
    return Message(role, content, weight if role == "assistant" else 1.0)


def _no_role(turn: dict[Any, Any], where: str) -> Refused:
    if "role" in turn:
        remedy = "Use system, developer, user, assistant or tool."
        return Refused("unknown role", f"{where} has role {turn['role']!r}", remedy)
    if "from" in turn:
        remedy = "Turns with from and value are read from a column 'conversations', all of them in this form."
        return Refused("unknown key", f"{where} has 'from'", remedy)
    return Refused("missing field", f"{where} has no 'role'", "Write the role of every turn.")


def _read_full(turn: dict[str, Any], role: Role, where: str, weight: float) -> Message:
    _check_keys(turn, role, where)
    calls = read_calls(turn, where) if role == "assistant" else ()
    if "content" not in turn and not calls:
        raise Refused("missing field", f"{where} has no 'content'", "Write the content of every turn.")
    return Message(
        role,
        _said_beside(calls, turn, role, where),
        read_weight(turn.get("weight"), where, weight) if role == "assistant" else 1.0,
        _reasoning(turn, where) if role == "assistant" else "",
        calls,
        _optional_text(turn, "name", where),
        _optional_text(turn, "tool_call_id", where),
    )


def _check_keys(turn: dict[str, Any], role: Role, where: str) -> None:
    for key, value in turn.items():
        if key not in _KEYS[role] and value not in (None, "", [], {}):
            reason = "wrong weight" if key == "weight" else "unknown key"
            found = f"{where} ({role}) has {key!r}: {value!r}"
            remedy = "Remove it if the answer can be learned without it."
            raise Refused(reason, found, _REMEDIES.get(key, remedy))


def _said_beside(calls: tuple[Any, ...], turn: dict[str, Any], role: Role, where: str) -> str:
    """Give the content of a turn; beside calls there may be none."""
    content = turn.get("content")
    if calls and not content:
        return ""
    return _content(content, role, "answer" if role == "assistant" else "message", where)


def _content(content: object, role: Role, what: str, where: str) -> str:
    if isinstance(content, list) and content:
        content = "".join([_part(part, f"{where}, part {n}") for n, part in enumerate(content, 1)])
    if role == "tool" and content == "":
        return ""  # a tool may have nothing to say
    return checked_text(content, what, where)


def _part(part: Any, where: str) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind != "text":
        remedy = "Only text can be learned from. Remove the row, or describe in words what is not text."
        found = f"{where} is {kind_of(part)}" if kind is None else f"{where} has type {kind!r}"
        raise Refused("not text", found, remedy)
    text = part.get("text")
    if not isinstance(text, str):
        raise Refused("wrong type", f"{where} has text that is {kind_of(text)}", "Write the text in quotes.")
    return text


def _reasoning(turn: dict[str, Any], where: str) -> str:
    found = {key: turn[key] for key in _REASONING if turn.get(key)}
    if not found:
        return ""
    texts = [checked_text(text, "reasoning", f"{where}, {key!r}") for key, text in found.items()]
    if len(set(texts)) > 1:
        said = " and ".join(repr(key) for key in found)
        raise Refused("unknown key", f"{where} has {said}, and they differ", "Keep one of them.")
    return texts[0]


def _optional_text(turn: dict[str, Any], key: str, where: str) -> str:
    return checked_text(turn[key], key, f"{where}, {key!r}") if turn.get(key) else ""
