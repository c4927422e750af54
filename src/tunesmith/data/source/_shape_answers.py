"""Layouts with an answer to learn: prompt and completion, Alpaca's, and answers with a rating."""

from typing import Any

from tunesmith.core.example import Example, Place
from tunesmith.data.source._conversation import conversation_of
from tunesmith.data.source._names import Candidates, Row, fold
from tunesmith.data.source._numbers import number_in, read_rating, truth_in
from tunesmith.data.source._shape import OPTION, Layout, Shape

BESIDE = ("system", "history", "tools")
"""What may stand in columns of its own beside a prompt."""

_TRUTHS = ("label", "kto_tag")
"""Columns that say of an answer, for KTO, whether it is good."""

_PAIR = ("prompt", "completion")


def _find_pair(found: Candidates) -> dict[str, str] | None:
    """Find prompt and completion: by name, or as the only two texts in that order."""
    if by_name := found.roles(_PAIR, BESIDE):
        return by_name
    prompts, answers, others = found.named["prompt"], found.named["completion"], found.others
    if not found.may_guess or (len(prompts) + len(answers), len(others)) not in ((1, 1), (0, 2)):
        return None
    first, second = (prompts or others)[0], (answers or others)[-1]
    order = list(found.row)
    if not found.given and order.index(first) > order.index(second):
        return None
    return {"prompt": first, "completion": second, **(found.roles((), BESIDE) or {})}


def _find_alpaca(found: Candidates) -> dict[str, str] | None:
    names = {fold(name) for name in found.row}
    is_alpaca = found.is_chosen or {"instruction", "output"} <= names
    return found.roles(_PAIR, BESIDE) if is_alpaca else None


def _find_rated(found: Candidates) -> dict[str, str] | None:
    """Find a rating beside an answer: a number by name, or a label that is true or false, as for KTO."""
    is_whole = found.says("rating") and found.given.keys().isdisjoint(_PAIR)
    if is_whole and (whole := found.roles(("messages", "rating"), BESIDE)):
        return whole
    if (roles := found.roles((*_PAIR, "rating"), BESIDE)) and (
        found.says("rating") or _is_rating(found, roles)
    ):
        return roles
    labels = [
        name for name, value in found.row.items() if fold(name) in _TRUTHS and truth_in(value) is not None
    ]
    pair = found.roles(_PAIR, BESIDE)
    return {**pair, "rating": labels[0]} if pair and labels else None


def _is_rating(found: Candidates, roles: dict[str, str]) -> bool:
    value = found.row[roles["rating"]]
    return value in (None, "") or number_in(value) is not None


def _read_answer(shape: Shape, row: Row, place: Place, fields: dict[str, Any]) -> Example:
    turns, tools = conversation_of(shape, row)
    return Example(place, turns, tools=tools, fields=fields)


def _read_rated(shape: Shape, row: Row, place: Place, fields: dict[str, Any]) -> Example:
    value = read_rating(row[shape.roles["rating"]], shape.quoted["rating"])
    turns, tools = conversation_of(shape, row)
    return Example(place, turns, value=value, tools=tools, fields=fields)


PROMPT_COMPLETION = Layout(
    name="prompt_completion",
    kind="conversations",
    said="prompt and completion",
    override=f"{OPTION}.prompt=... {OPTION}.completion=...",
    needs=_PAIR,
    may=BESIDE,
    find=_find_pair,
    read=_read_answer,
)
ALPACA = Layout(
    name="alpaca",
    kind="conversations",
    said="prompt and completion in Alpaca's form",
    override=PROMPT_COMPLETION.override,
    needs=_PAIR,
    may=BESIDE,
    find=_find_alpaca,
    read=_read_answer,
    over=frozenset(("prompt_completion",)),
)
RATINGS = Layout(
    name="ratings",
    kind="ratings",
    said="answers with a rating",
    override=f"{OPTION}.shape=prompt_completion, or messages, to learn every answer",
    needs=("rating",),
    may=(*_PAIR, "messages", *BESIDE),
    find=_find_rated,
    read=_read_rated,
    over=frozenset(("prompt_completion", "alpaca")),
    asks=(*_PAIR, "rating"),
)
