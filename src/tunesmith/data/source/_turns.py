"""The grammar of a conversation: a system turn or none, then user and assistant in turn, the answer last."""

from typing import Any, cast

from tunesmith.core.example import Message, Role
from tunesmith.data.source._refused import Refused, checked_text, kind_of

ROLES = ("system", "user", "assistant")
UNSUPPORTED_ROLES = ("tool", "function", "developer")

_KEYS = frozenset(("role", "content", "weight"))
_ORDER = (
    "Order the turns: system (optional), user, assistant, user, ..., and end with the assistant's answer."
)


def read_turns(value: object, where: str, weight: float = 1.0) -> tuple[Message, ...]:
    """Read a list of messages; `weight` is that of assistant turns which name none."""
    if not isinstance(value, list):
        raise Refused("wrong type", f"{where} is {kind_of(value)}: {value!r}", "Write a list of messages.")
    return tuple(_read_turn(turn, f"{where}, turn {n}", weight) for n, turn in enumerate(value, 1))


def check_conversation(turns: tuple[Message, ...]) -> tuple[Message, ...]:
    """Give the turns back if they are a conversation with something to learn; raises Refused otherwise."""
    if not turns:
        raise Refused("no messages", "an empty list", "Write at least a user turn and an assistant turn.")
    start = 1 if turns[0].role == "system" else 0
    for number, turn in enumerate(turns[start:], start + 1):
        wanted = "assistant" if (number - start) % 2 == 0 else "user"
        if turn.role != wanted:
            raise Refused("wrong role order", f"turn {number} is {turn.role}, not {wanted}", _ORDER)
    if turns[-1].role != "assistant":
        raise Refused("wrong role order", f"the last turn, {len(turns)}, is {turns[-1].role}", _ORDER)
    if not any(turn.role == "assistant" and turn.weight for turn in turns):
        remedy = "Give at least one assistant turn weight 1, or remove the row."
        raise Refused("nothing to train", "every assistant turn has weight 0", remedy)
    return turns


def _read_turn(turn: Any, where: str, weight: float) -> Message:
    if not isinstance(turn, dict):
        remedy = 'Write {"role": ..., "content": ...}.'
        raise Refused("wrong type", f"{where} is {kind_of(turn)}: {turn!r}", remedy)
    for key in ("role", "content"):
        if key not in turn:
            _check_keys(turn, where)
            raise Refused("missing field", f"{where} has no {key!r}", f"Write the {key} of every turn.")
    _check_keys(turn, where)
    role = _read_role(turn["role"], where)
    empty = {"assistant": "answer"}.get(role, "message")
    return Message(role, checked_text(turn["content"], empty, where), _read_weight(turn, where, weight))


def _check_keys(turn: dict[str, Any], where: str) -> None:
    for key in turn.keys() - _KEYS:
        remedy = f"{key!r} is not supported yet: remove it if the answer can be learned without it."
        raise Refused("unknown key", f"{where} has {key!r}", remedy)


def _read_role(role: object, where: str) -> Role:
    if role in ROLES:
        return cast(Role, role)
    if role in UNSUPPORTED_ROLES:
        remedy = "This role is not supported yet: use system, user and assistant, or remove the row."
        raise Refused("unknown role", f"{where} has role {role!r}", remedy)
    raise Refused("unknown role", f"{where} has role {role!r}", "Use system, user or assistant.")


def _read_weight(turn: dict[str, Any], where: str, default: float) -> float:
    if "weight" not in turn:
        return default if turn["role"] == "assistant" else 1.0
    weight = turn["weight"]
    if turn["role"] != "assistant":
        remedy = "Only assistant turns are trained; remove the weight of the others."
        raise Refused("wrong weight", f"{where} ({turn['role']}) has weight {weight!r}", remedy)
    if isinstance(weight, bool) or weight not in (0, 1):
        raise Refused("wrong weight", f"{where} has weight {weight!r}", "Use 1 to train a turn, 0 not to.")
    return float(weight)
