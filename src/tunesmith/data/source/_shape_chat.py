"""Layouts with whole conversations in one column: OpenAI's messages, and ShareGPT's turns."""

from typing import Any

from tunesmith.core.example import Example, Place
from tunesmith.data.source._conversation import conversation_of, tools_of, turns_of
from tunesmith.data.source._names import Candidates, Row, fold
from tunesmith.data.source._order import check_conversation
from tunesmith.data.source._shape import OPTION, Layout, Shape
from tunesmith.data.source._shape_answers import BESIDE, PROMPT_COMPLETION
from tunesmith.data.source._sharegpt import read_sharegpt

_FLAT = frozenset(("prompt_completion", "alpaca", "ratings", "labels", "numbers", "text"))
"""Layouts whose columns may stand beside whole conversations: there they only repeat parts of them."""


def waits(found: Candidates, column: str) -> bool:
    """Does the conversation in this column end with a turn that is still to be answered?"""
    turns = found.row[column]
    last = turns[-1] if isinstance(turns, list) and turns else None
    return isinstance(last, dict) and last.get("role") in ("user", "tool")


def _find_messages(found: Candidates) -> dict[str, str] | None:
    roles = found.roles(("messages",), BESIDE)
    if roles is None or found.is_chosen:
        return roles
    keys, column = _first_keys(found, roles), roles["messages"]
    is_named = found.says("messages") or fold(column) == "messages"
    is_chat = "role" in keys or (is_named and "from" not in keys)
    return roles if is_chat and not waits(found, column) else None


def _find_sharegpt(found: Candidates) -> dict[str, str] | None:
    roles = found.roles(("messages",), BESIDE)
    return roles if roles and "from" in _first_keys(found, roles) else None


def _first_keys(found: Candidates, roles: dict[str, str]) -> frozenset[str]:
    turns = found.row[roles["messages"]]
    first = turns[0] if isinstance(turns, list) and turns else None
    return frozenset(first) if isinstance(first, dict) else frozenset()


def _read_messages(shape: Shape, row: Row, place: Place, fields: dict[str, Any]) -> Example:
    turns, tools = conversation_of(shape, row)
    return Example(place, turns, tools=tools, fields=fields)


def _read_sharegpt(shape: Shape, row: Row, place: Place, fields: dict[str, Any]) -> Example:
    tools = tools_of(shape, row)
    turns = check_conversation(turns_of(shape, row, read_sharegpt), tools)
    return Example(place, turns, tools=tools.text, fields=fields)


MESSAGES = Layout(
    name="messages",
    kind="conversations",
    said="messages",
    override=f"{OPTION}.shape=..., or {PROMPT_COMPLETION.override}",
    needs=("messages",),
    may=BESIDE,
    find=_find_messages,
    read=_read_messages,
    over=_FLAT,
)
SHAREGPT = Layout(
    name="sharegpt",
    kind="conversations",
    said="turns in ShareGPT's form",
    override=MESSAGES.override,
    needs=("messages",),
    may=BESIDE,
    find=_find_sharegpt,
    read=_read_sharegpt,
    over=_FLAT,
)
