"""The grammar of a conversation: who may speak after whom, and which call a tool's turn answers."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from tunesmith.core.example import Message, Role
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._tools import NO_TOOLS, Tools

_NEXT: dict[Role | None, tuple[Role, ...]] = {
    None: ("user",),
    "system": ("user",),
    "user": ("assistant",),
    "assistant": ("user", "tool"),
    "tool": ("assistant", "tool"),
}
"""Who may speak after whom; None is the beginning. The first named is the one that a message asks for."""

_ORDER = (
    "Order the turns: system (optional), user, assistant, user, ..., and end with the assistant's answer. "
    "What a tool gives stands between the assistant's call and the assistant's next turn."
)
_PROMPT = "End a prompt with the turn that is to be answered: the user's, or a tool's."


def check_conversation(turns: tuple[Message, ...], tools: Tools = NO_TOOLS) -> tuple[Message, ...]:
    """Give the turns back if they are a conversation with something to learn; raises Refused otherwise.

    The last turn may be a call that nothing answers yet.
    """
    last = _check_order(turns)
    if last.role != "assistant":
        raise Refused("wrong role order", f"the last turn, {len(turns)}, is {last.role}", _ORDER)
    if not (last.weight or any(turn.weight for turn in turns if turn.role == "assistant")):
        remedy = "Give at least one assistant turn weight 1, or remove the row."
        raise Refused("nothing to train", "every assistant turn has weight 0", remedy)
    _check_calls(turns, tools)
    return turns


def check_prompt(turns: tuple[Message, ...], tools: Tools = NO_TOOLS) -> tuple[Message, ...]:
    """Give the turns back if they are a prompt that waits for an answer; raises Refused otherwise."""
    last = _check_order(turns)
    if last.role not in ("user", "tool"):
        raise Refused("wrong role order", f"the last turn, {len(turns)}, is {last.role}", _PROMPT)
    _check_calls(turns, tools)
    return turns


def _check_order(turns: tuple[Message, ...]) -> Message:
    if not turns:
        raise Refused("no messages", "an empty list", "Write at least a user turn and an assistant turn.")
    if fault := _fault(tuple([turn.role for turn in turns])):
        raise Refused("wrong role order", fault, _ORDER)
    return turns[-1]


@lru_cache(maxsize=4096)
def _fault(roles: tuple[Role, ...]) -> str | None:
    """Say which turn stands where it must not; millions of rows have the same few orders."""
    start = 1 if roles[0] == "system" else 0
    for number, (before, role) in enumerate(
        zip((None, *roles[start:]), roles[start:], strict=False), start + 1
    ):
        if role not in _NEXT[before]:
            return f"turn {number} is {role}, not {_NEXT[before][0]}"
    return None


def _check_calls(turns: tuple[Message, ...], tools: Tools) -> None:
    if not any([turn.tool_calls or turn.role == "tool" for turn in turns]):
        return
    for number, turn in enumerate(turns, 1):
        if turn.role == "assistant":
            answers = _answers(turns[number:])
            _check_names(turn, number, tools)
            if answers or number < len(turns):
                _check_answers(turn, number, answers)


def _answers(after: Iterable[Message]) -> list[Message]:
    found: list[Message] = []
    for turn in after:
        if turn.role != "tool":
            break
        found.append(turn)
    return found


def _check_names(turn: Message, number: int, tools: Tools) -> None:
    for call in turn.tool_calls:
        if tools.names and call.name not in tools.names:
            found = f"turn {number} calls {call.name!r}, but there are only {_quoted(sorted(tools.names))}"
            raise Refused("unknown tool", found, "Correct the name, or write the function into the tools.")


def _check_answers(turn: Message, number: int, answers: Sequence[Message]) -> None:
    """See that each call is answered once; calls without ids are answered in their order."""
    waiting = list(turn.tool_calls)
    for offset, answer in enumerate(answers, 1):
        fitting = [call for call in waiting if call.id == answer.call]
        if not fitting:
            raise _not_asked(f"turn {number + offset}", answer, f"turn {number}", [c.id for c in waiting])
        if not answer.call and answer.name not in ("", fitting[0].name):
            raise _not_asked(f"turn {number + offset}", answer, f"turn {number}", [c.name for c in waiting])
        waiting.remove(fitting[0])
    if waiting:
        found = f"turn {number} calls {waiting[0].name!r}, and no turn answers it"
        raise Refused("wrong tool call", found, "Put the answer of every call after it, as a tool's turn.")


def _not_asked(where: str, answer: Message, asked: str, waiting: list[str]) -> Refused:
    calls = f"waits for {_quoted(waiting)}" if any(waiting) else "makes no such call"
    found = f"{where} answers {answer.call or answer.name!r}, but {asked} {calls}"
    return Refused("wrong tool call", found, "Give each tool's turn the tool_call_id of the call it answers.")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
