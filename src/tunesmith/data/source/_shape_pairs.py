"""Layouts with two answers to one prompt, of which one was preferred.

The prompt has a column of its own, also as the object of OpenAI's preference rows
(https://platform.openai.com/docs/guides/direct-preference-optimization), or it is what both conversations
begin with.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tunesmith.core.example import Example, Place
from tunesmith.data.source._conversation import (
    Turns,
    after_opening,
    continued,
    prompt_of,
    read_side,
    tools_of,
)
from tunesmith.data.source._names import Candidates, Row
from tunesmith.data.source._order import check_conversation
from tunesmith.data.source._refused import Refused, checked_text, kind_of
from tunesmith.data.source._shape import OPTION, Layout, Shape
from tunesmith.data.source._shape_answers import BESIDE, PROMPT_COMPLETION
from tunesmith.data.source._tools import NO_TOOLS, Tools, read_tools
from tunesmith.data.source._transcript import is_transcript, read_transcript
from tunesmith.data.source._turns import read_turns

_ANSWERS = ("chosen", "rejected")
_INPUT = ("messages", "tools", "parallel_tool_calls")
_SAME_START = (
    "Let both conversations begin with the same turns, the user's last, and go on with their answers."
)


def _find_pairs(found: Candidates) -> dict[str, str] | None:
    """Find both answers with their prompt, or two conversations that hold it."""
    roles, prompts = found.roles(_ANSWERS, BESIDE), found.named["prompt"]
    if roles is None or len(prompts) > 1:
        return None
    if prompts:
        return {"prompt": prompts[0], **roles}
    chosen = found.row[roles["chosen"]]
    return roles if isinstance(chosen, list) or (found.says("chosen") and not is_transcript(chosen)) else None


def _find_transcripts(found: Candidates) -> dict[str, str] | None:
    """Find two whole transcripts, or the transcript of a prompt that two answers end."""
    roles, prompt = found.roles(_ANSWERS), found.one("prompt")
    if roles is None or all(is_transcript(found.row[name]) for name in roles.values()):
        return roles
    if prompt is None or found.companions or not is_transcript(found.row[prompt]):
        return None
    return {"prompt": prompt, **roles}


def _read_pair(shape: Shape, row: Row, place: Place, fields: dict[str, Any]) -> Example:
    chosen, rejected = row[shape.roles["chosen"]], row[shape.roles["rejected"]]
    for role in ("prompt", "chosen"):
        if role in shape.roles and is_transcript(text := row[shape.roles[role]]):
            remedy = f"Have both read as whole conversations: {OPTION}.shape=transcripts."
            raise Refused("a transcript", f"{shape.quoted[role]} begins with {text[:20]!r}", remedy)
    prompt, tools = _asked(shape, row, fields) if "prompt" in shape.roles else ((), tools_of(shape, row))
    if prompt and not _is_whole(chosen):
        better = read_side(chosen, "assistant", shape.quoted["chosen"])
        worse = read_side(rejected, "assistant", shape.quoted["rejected"])
        return _pair(shape, (prompt, better, worse), tools, place, fields)
    common, better, worse = _parted(shape, chosen, rejected)
    if prompt:
        _check_asked(prompt, common, shape.quoted["prompt"])
    whole = (after_opening(shape, row, common), better, worse)
    return _pair(shape, whole, tools, place, fields)


def _read_transcripts(shape: Shape, row: Row, place: Place, fields: dict[str, Any]) -> Example:
    chosen, rejected = (read_transcript(_written(shape, row, role), shape.quoted[role]) for role in _ANSWERS)
    number = _common(chosen, rejected)
    prompt = tuple(
        [replace(turn, weight=0.0) if turn.role == "assistant" else turn for turn in chosen[:number]]
    )
    return _pair(shape, (prompt, chosen[number:], rejected[number:]), NO_TOOLS, place, fields)


def _written(shape: Shape, row: Row, role: str) -> object:
    answer = row[shape.roles[role]]
    if "prompt" not in shape.roles:
        return answer
    prompt = checked_text(row[shape.roles["prompt"]], "prompt", shape.quoted["prompt"])
    return prompt + checked_text(answer, "answer", shape.quoted[role])


def _asked(shape: Shape, row: Row, fields: dict[str, Any]) -> tuple[Turns, Tools]:
    """Read the prompt's column: a text, turns, or an object of turns with what may be called."""
    value, where = row[shape.roles["prompt"]], shape.quoted["prompt"]
    if value == []:
        raise Refused("empty prompt", f"{where} is an empty list", "Write at least the user's turn.")
    if not isinstance(value, dict):
        return prompt_of(shape, row), tools_of(shape, row)
    for key in value:
        if key not in _INPUT and value[key]:
            raise Refused("unknown key", f"{where} has {key!r}", f"Keep {', '.join(_INPUT)} there.")
    if "parallel_tool_calls" in value:
        fields["parallel_tool_calls"] = value["parallel_tool_calls"]
    turns = read_turns(value.get("messages"), f"{where}, 'messages'", weight=0.0)
    listed = read_tools(value.get("tools"), f"{where}, 'tools'")
    return continued(shape, row, turns), listed if listed.names else tools_of(shape, row)


def _is_whole(chosen: object) -> bool:
    """Is this a conversation with its prompt, rather than the answer alone?"""
    first = chosen[0] if isinstance(chosen, list) and chosen else None
    return isinstance(first, dict) and first.get("role") not in ("assistant", "tool")


def _parted(shape: Shape, chosen: Any, rejected: Any) -> tuple[Turns, Turns, Turns]:
    """Part two conversations into what they begin with and how each goes on."""
    for role, turns in zip(_ANSWERS, (chosen, rejected), strict=True):
        if not isinstance(turns, list):
            found = f"{shape.quoted[role]} is {kind_of(turns)}, and no column holds the prompt"
            raise Refused("no common prompt", found, f"Name the prompt's column: {OPTION}.prompt=...")
    number = _common(chosen, rejected)
    return (
        read_turns(chosen[:number], shape.quoted["chosen"], weight=0.0),
        read_turns(chosen[number:], shape.quoted["chosen"], first=number + 1),
        read_turns(rejected[number:], shape.quoted["rejected"], first=number + 1),
    )


def _common(chosen: Sequence[object], rejected: Sequence[object]) -> int:
    """Count the turns that both begin with."""
    both = zip(chosen, rejected, strict=False)
    return next((n for n, (one, other) in enumerate(both) if one != other), min(len(chosen), len(rejected)))


def _check_asked(prompt: Turns, common: Turns, where: str) -> None:
    asked = [(turn.role, turn.content) for turn in prompt if turn.role != "system"]
    if asked != [(turn.role, turn.content) for turn in common][-len(asked) :]:
        remedy = "Let both conversations begin with the prompt, or leave the prompt's column out."
        raise Refused("no common prompt", f"{where} is not what both conversations begin with", remedy)


def _pair(
    shape: Shape, parts: tuple[Turns, Turns, Turns], tools: Tools, place: Place, fields: dict[str, Any]
) -> Example:
    """Put prompt, preferred and rejected turns together; raises Refused where they are no pair."""
    prompt, better, worse = parts
    chosen, rejected = (shape.quoted[role] for role in _ANSWERS)
    if better == worse:
        raise Refused("identical answers", f"{chosen} and {rejected} are the same", "Remove the row.")
    if not prompt:
        raise Refused("no common prompt", f"{chosen} and {rejected} begin with different turns", _SAME_START)
    for where, answer in ((chosen, better), (rejected, worse)):
        if not answer:
            raise Refused(
                "empty answer", f"{where} ends where the prompt ends", "Write the answer, or remove the row."
            )
        if answer[0].role != "assistant":
            found = f"{where} goes on with a turn that is {answer[0].role}"
            raise Refused("no common prompt", found, _SAME_START)
        if not any(turn.weight for turn in answer if turn.role == "assistant"):
            raise Refused("nothing to train", f"{where} has weight 0", "Remove the weight, or the row.")
    turns = _checked((*prompt, *better), tools, chosen)
    _checked((*prompt, *worse), tools, rejected)
    return Example(place, turns, rejected=worse, tools=tools.text, fields=fields)


def _checked(turns: Turns, tools: Tools, where: str) -> Turns:
    try:
        return check_conversation(turns, tools)
    except Refused as refused:
        raise Refused(refused.reason, f"{where}: {refused.found}", refused.remedy) from None


PAIRS = Layout(
    name="pairs",
    kind="pairs",
    said="pairs of a preferred and a rejected answer",
    override=f"{OPTION}.shape=..., or {PROMPT_COMPLETION.override}",
    needs=_ANSWERS,
    may=("prompt", *BESIDE),
    find=_find_pairs,
    read=_read_pair,
)
TRANSCRIPTS = Layout(
    name="transcripts",
    kind="pairs",
    said="pairs of a preferred and a rejected transcript",
    override=f"{OPTION}.shape=..., or {OPTION}.text=...",
    needs=_ANSWERS,
    may=("prompt",),
    find=_find_transcripts,
    read=_read_transcripts,
    over=frozenset(("pairs",)),
)
