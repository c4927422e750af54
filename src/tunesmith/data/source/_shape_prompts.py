"""The layout of prompts that wait for an answer, with or without what the answer is held against.

Rows for OpenAI's reinforcement fine-tuning have it: messages that end with the user's turn, and any other key
for those who grade the answer (https://platform.openai.com/docs/guides/reinforcement-fine-tuning).
"""

import json
from typing import Any

from tunesmith.core.example import Example, Place
from tunesmith.data.source._conversation import waiting_of
from tunesmith.data.source._names import METADATA, OPTIONAL, Candidates, Row, fold, quoted, role_of
from tunesmith.data.source._refused import Refused, checked_text
from tunesmith.data.source._shape import OPTION, Layout, Shape
from tunesmith.data.source._shape_answers import BESIDE
from tunesmith.data.source._shape_chat import waits

_NOT_GRADED = METADATA | {"parallel_tool_calls"}


def _find(found: Candidates) -> dict[str, str] | None:
    """Find messages that wait for an answer, or a prompt with a reference and no answer.

    Where there is nothing to grade an answer by, only the recipe can say that none is to be learned.
    """
    whole, prompt = found.roles(("messages",), BESIDE), found.roles(("prompt",), BESIDE)
    if whole and (waits(found, whole["messages"]) or (found.says("messages") and not prompt)):
        reference = _reference(found, found.named["reference"] or _columns(found, "answer"))
        is_graded = reference or _graded_by(found, whole)
        return {**whole, **reference} if found.is_chosen or is_graded else None
    if prompt is None or (_has_answer(found) and not found.says("reference")):
        return None
    reference = _reference(found, found.named["reference"])
    return {**prompt, **reference} if found.is_chosen or reference else None


def _columns(found: Candidates, name: str) -> list[str]:
    return [column for column in found.row if fold(column) == name]


def _reference(found: Candidates, columns: list[str]) -> dict[str, str]:
    if len(columns) > 1:
        remedy = f"Say which one the answer is held against: {OPTION}.reference=..."
        raise Refused("columns not recognised", quoted(columns), remedy)
    return {"reference": columns[0]} if columns else {}


def _graded_by(found: Candidates, roles: dict[str, str]) -> bool:
    left = (name for name in found.row if name not in roles.values() and fold(name) not in _NOT_GRADED)
    return any(role_of(name) not in OPTIONAL for name in left)


def _has_answer(found: Candidates) -> bool:
    return any(role_of(name) in ("completion", "chosen", "rejected", "messages") for name in found.row)


def _read(shape: Shape, row: Row, place: Place, fields: dict[str, Any]) -> Example:
    turns, tools = waiting_of(shape, row)
    if "reference" not in shape.roles:
        return Example(place, turns, tools=tools, fields=fields)
    column, where = shape.roles["reference"], shape.quoted["reference"]
    reference = row[column]
    if reference is not None and not isinstance(reference, str):
        reference = json.dumps(reference, ensure_ascii=False)
    wanted = checked_text(reference, "reference", where)
    # Those who grade an answer ask for columns by name, the reference's among them.
    return Example(place, turns, wanted=wanted, tools=tools, fields={column: row[column], **fields})


PROMPTS = Layout(
    name="prompts",
    kind="prompts",
    said="prompts that wait for an answer",
    override=f"{OPTION}.completion=... or {OPTION}.shape=messages, to learn answers that the rows hold",
    needs=("reference",),
    may=("prompt", "messages", *BESIDE),
    find=_find,
    read=_read,
    asks=("prompt",),
    keeps_all=True,
)
