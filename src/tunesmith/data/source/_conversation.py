"""Read the turns that the columns of a row hold together: a whole conversation, or a prompt alone.

Answers that were given earlier, in a prompt, are read but not learned unless they say so.
"""

from collections.abc import Callable

from tunesmith.core.example import Message, Role
from tunesmith.data.source._names import Row
from tunesmith.data.source._order import check_conversation, check_prompt
from tunesmith.data.source._refused import Refused, checked_text, kind_of
from tunesmith.data.source._shape import Shape
from tunesmith.data.source._tools import NO_TOOLS, Tools, read_tools
from tunesmith.data.source._turns import read_turns

Turns = tuple[Message, ...]

_PAIR = 2


def conversation_of(shape: Shape, row: Row) -> tuple[Turns, str]:
    """Read a conversation that ends with an answer, and its tools: whole, or as prompt and completion."""
    tools = tools_of(shape, row)
    if "messages" in shape.roles:
        turns = turns_of(shape, row, read_turns)
    else:
        answer = read_side(row[shape.roles["completion"]], "assistant", shape.quoted["completion"])
        turns = (*prompt_of(shape, row), *answer)
    return check_conversation(turns, tools), tools.text


def waiting_of(shape: Shape, row: Row) -> tuple[Turns, str]:
    """Read a prompt that waits for an answer, and its tools: from messages, or from a prompt."""
    tools = tools_of(shape, row)
    if "messages" in shape.roles:
        turns = turns_of(shape, row, lambda value, where: read_turns(value, where, 0.0))
    else:
        turns = prompt_of(shape, row)
    return check_prompt(turns, tools), tools.text


def turns_of(shape: Shape, row: Row, read: Callable[[object, str], Turns]) -> Turns:
    """Read the column of whole conversations, and put before it what other columns say."""
    return after_opening(shape, row, read(row[shape.roles["messages"]], shape.quoted["messages"]))


def prompt_of(shape: Shape, row: Row) -> Turns:
    """Read the prompt with the columns that continue it, earlier turns and the system prompt."""
    return continued(shape, row, read_side(row[shape.roles["prompt"]], "user", shape.quoted["prompt"], 0.0))


def continued(shape: Shape, row: Row, turns: Turns) -> Turns:
    """Join the columns that continue a prompt to it, and put before it what other columns say."""
    if shape.is_plain:
        return turns
    for name in shape.companions:
        turns = _joined(turns, row[name], repr(name))
    return after_opening(shape, row, turns)


def after_opening(shape: Shape, row: Row, turns: Turns) -> Turns:
    """Put what columns of their own say before the turns: the system prompt, then earlier turns."""
    roles = shape.roles
    if "history" in roles and (history := row[roles["history"]]):
        turns = (*_earlier(history, shape.quoted["history"]), *turns)
    system = row[roles["system"]] if "system" in roles else None
    if system is None or (isinstance(system, str) and not system.strip()):
        return turns
    where = shape.quoted["system"]
    if turns and turns[0].role == "system":
        raise Refused("two system prompts", f"{where}, and the first turn", "Keep one of them.")
    return (Message("system", checked_text(system, "system prompt", where)), *turns)


def read_side(value: object, role: Role, where: str, weight: float = 1.0) -> Turns:
    """Read one side of a row: a text is one turn of this role, a list is turns that name theirs."""
    if isinstance(value, list):
        return read_turns(value, where, weight)
    return (Message(role, checked_text(value, "answer" if role == "assistant" else "prompt", where)),)


def tools_of(shape: Shape, row: Row) -> Tools:
    """Read the functions that an answer may call."""
    if shape.is_plain or "tools" not in shape.roles:
        return NO_TOOLS
    return read_tools(row[shape.roles["tools"]], shape.quoted["tools"])


def _joined(before: Turns, more: object, where: str) -> Turns:
    if more is None or (isinstance(more, str) and not more.strip()):
        return before
    if len(before) != 1 or before[0].role != "user":
        remedy = "Only a prompt that is one text can be continued; write it as a turn of its own."
        raise Refused("wrong type", f"{where} is {kind_of(more)} beside a prompt of several turns", remedy)
    return (Message("user", f"{before[0].content}\n\n{checked_text(more, 'prompt', where)}"),)


def _earlier(history: object, where: str) -> Turns:
    """Read pairs of a question and its answer."""
    turns: list[Message] = []
    for number, pair in enumerate(history if isinstance(history, list) else [history], 1):
        place = f"{where}, pair {number}"
        if not isinstance(pair, list) or len(pair) != _PAIR:
            raise Refused("wrong type", f"{place} is {pair!r}", 'Write [["question", "answer"], ...].')
        turns.append(Message("user", checked_text(pair[0], "message", f"{place}, question")))
        turns.append(Message("assistant", checked_text(pair[1], "answer", f"{place}, answer"), weight=0.0))
    return tuple(turns)
